(( $+functions[_llmenv_profiles] )) ||
_llmenv_profiles() {
    local -a names
    names=(${(f)"$(command llmenv hook complete profiles 2>/dev/null)"})
    _describe -t profiles 'profile' names "$@"
}
