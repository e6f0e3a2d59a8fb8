# Placeholder: replaced by the hook.
