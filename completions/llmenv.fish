# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_llmenv_global_optspecs
    string join \n h/help V/version
end

function __fish_llmenv_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_llmenv_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_llmenv_using_subcommand
    set -l cmd (__fish_llmenv_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c llmenv -n "__fish_llmenv_needs_command" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_needs_command" -s V -l version -d 'Print version'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "setup" -d 'First run: the hook in the shell\'s start-up file, the store, the keys found here'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "add" -d 'Add a profile: a provider account with its key'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "rotate" -d 'Replace a profile\'s key'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "edit" -d 'Change a profile: by flags, or the configuration in your editor'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "rename" -d 'Give a profile another name'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "remove" -d 'Remove a profile and its key'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "list" -d 'List the profiles'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "show" -d 'Show a profile'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "use" -d 'Choose the profile of this shell'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "off" -d 'Nothing active in this shell'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "status" -d 'What is active here, and why'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "exec" -d 'Run a command with a profile\'s pair'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "env" -d 'Print a profile\'s pair for a shell or a file'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "why" -d 'Every place that sets a variable, and what each sort of program gets'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "doctor" -d 'What is wrong here: values, contradictions, programs with an old key'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "check" -d 'Try a profile at its provider: does it take the key, what is left to spend'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "undo" -d 'Give files that llmenv changed their earlier content back'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "explain" -d 'What an error means: its cause, whose key was sent, what to do'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "import" -d 'Take over keys that lie in files and in this environment'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "client" -d 'What a tool needs besides variables: printed, or written into its settings'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "providers" -d 'The catalogue of providers'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "allow" -d 'Let a directory\'s `.llmenv.toml`, or an included file, take effect'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "deny" -d 'Take that back'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "proxy" -d 'The local proxy: tools get a token, the key stays in the background process'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "daemon" -d 'Look after the background process'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "unlock" -d 'Open the store, or fetch the key that a program gives'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "lock" -d 'Close everything: no shell has a key until `llmenv unlock`'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "init" -d 'Print a shell\'s hook'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "completions" -d 'Print a shell\'s completions'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c llmenv -n "__fish_llmenv_needs_command" -f -a "hook" -d 'For hooks only'
complete -c llmenv -n "__fish_llmenv_using_subcommand setup" -l shell -d 'The shell to set up (bash, zsh, fish, powershell); without it, the one that runs this' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand setup" -l store -d 'Where to keep keys' -r -f -a "keyring\t'The operating system\'s keyring'
file\t'An encrypted file'"
complete -c llmenv -n "__fish_llmenv_using_subcommand setup" -s y -l yes -d 'Do it without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand setup" -l undo -d 'Take out what setup wrote'
complete -c llmenv -n "__fish_llmenv_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -s p -l provider -d 'The provider, as `llmenv providers` lists it, or `custom`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l base-url -d 'The base URL, where it differs from the provider\'s' -r -f
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l model -d 'The model to use by default' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l serve -d 'Families of variables to set: openai, anthropic, gemini' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l account -d 'Whose account it is, for `status`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l billing -d 'Who pays: metered, subscription, local' -r -f -a "metered\t''
subscription\t''
local\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l dialect -d 'For `custom`: what the endpoint speaks' -r -f -a "anthropic-messages\t''
openai-chat\t''
openai-responses\t''
gemini\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l auth -d 'How the endpoint wants to see the key' -r -f -a "bearer\t''
x-api-key\t''
api-key\t''
x-goog-api-key\t''
none\t''
client\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l organization -d 'The provider\'s organization' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l project -d 'The provider\'s project' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l api-version -d 'The API version' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l deployment -d 'The deployment' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l key-file -d 'Read the key from a file, once' -r -F
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l key-ref -d 'Keep a reference instead of a key: `file:PATH` or `command:PROGRAM ARGUMENTS`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l store -d 'Where to keep keys, where nothing was chosen yet' -r -f -a "keyring\t'The operating system\'s keyring'
file\t'An encrypted file'"
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l key-stdin -d 'Read the key from standard input'
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l force -d 'Take the key even if it does not look like one of this provider'
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l no-check -d 'Do not try the key at the provider'
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -l key-file -d 'Read the key from a file, once' -r -F
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -l key-stdin -d 'Read the key from standard input'
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -l force -d 'Take the key even if it does not look like one of this provider'
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -l no-check -d 'Do not try the key at the provider'
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -s p -l provider -d 'The provider, as `llmenv providers` lists it, or `custom`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l base-url -d 'The base URL, where it differs from the provider\'s' -r -f
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l model -d 'The model to use by default' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l serve -d 'Families of variables to set: openai, anthropic, gemini' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l account -d 'Whose account it is, for `status`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l billing -d 'Who pays: metered, subscription, local' -r -f -a "metered\t''
subscription\t''
local\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l dialect -d 'For `custom`: what the endpoint speaks' -r -f -a "anthropic-messages\t''
openai-chat\t''
openai-responses\t''
gemini\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l auth -d 'How the endpoint wants to see the key' -r -f -a "bearer\t''
x-api-key\t''
api-key\t''
x-goog-api-key\t''
none\t''
client\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l organization -d 'The provider\'s organization' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l project -d 'The provider\'s project' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l api-version -d 'The API version' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l deployment -d 'The deployment' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l unset -d 'Take a field out' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l bind-to -d 'Let the key, which is bound to another host, go to this one from now on' -r -f -a "(__fish_print_hostnames)"
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand rename" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand rename" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand remove" -s y -l yes -d 'Do it without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand remove" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand remove" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand list" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand list" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand show" -l reveal -d 'Print the key itself, and nothing else'
complete -c llmenv -n "__fish_llmenv_using_subcommand show" -l force -d 'Print it even where standard output is not a terminal'
complete -c llmenv -n "__fish_llmenv_using_subcommand show" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand show" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -l for -d 'For a time only: `90s`, `30m`, `2h`, `1d`' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -l here -d 'In this directory and below it: writes `.llmenv.toml` and allows it'
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -l rule -d 'With --here: writes a rule to your own configuration instead'
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -l global -d 'Wherever nothing else says so: sets the default'
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -l auto -d 'Let directories decide again'
complete -c llmenv -n "__fish_llmenv_using_subcommand use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand off" -l revoke -d 'End this shell\'s tokens of the proxy too, so that programs started from it lose their access'
complete -c llmenv -n "__fish_llmenv_using_subcommand off" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand status" -l usage -d 'What went through the proxy, by day and profile'
complete -c llmenv -n "__fish_llmenv_using_subcommand status" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand status" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand env" -s f -l format -d 'bash, zsh, fish, powershell, cmd, nu, dotenv, json, docker, systemd, github' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand env" -l for -d 'How long the proxy\'s token in it is good: `30m`, `2h` (12 hours without it)' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand env" -l direct -d 'The real key and base URL, for a profile that is served through the proxy'
complete -c llmenv -n "__fish_llmenv_using_subcommand env" -s q -l quiet -d 'For start-up lines: asks nobody, runs no key\'s program, and prints nothing where no profile is active'
complete -c llmenv -n "__fish_llmenv_using_subcommand env" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand why" -l tool -d 'What one tool gets: aider, claude, codex, opencode, gemini, llm, continue, or a loader such as python-dotenv' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand why" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -l online -d 'Try the profile at its provider, too'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -l tree -d 'Look at the `.env` files below this directory too'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -l fix -d 'Mend what is certain in `.env` files: the change is shown, then asked about; `llmenv undo` takes it back'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -s y -l yes -d 'With --fix: without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand check" -l all -d 'All profiles'
complete -c llmenv -n "__fish_llmenv_using_subcommand check" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -l list -d 'List what can be undone'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -l show -d 'Show what undoing it would change, and change nothing'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -l force -d 'Restore files that were edited or removed since, too; what they hold now is kept'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -s y -l yes -d 'Do it without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand explain" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -s f -l format -d 'What the files are, where their names do not say it: dotenv, bash, zsh, fish, powershell, claude, codex, aider, opencode, llm-env' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -l name -d 'The profile\'s name, where one key is found' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -s p -l provider -d 'Only keys of this provider; decides where a key may be one of several' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -s y -l yes -d 'Store everything that is found without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -l dry-run -d 'Show what would be done, and do nothing'
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -l rewrite -d 'Take the keys out of the files once they are stored; a comment names the profile'
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand client" -l write -d 'Write it into the tool\'s settings; the change is shown and asked about'
complete -c llmenv -n "__fish_llmenv_using_subcommand client" -s y -l yes -d 'With --write: without asking'
complete -c llmenv -n "__fish_llmenv_using_subcommand client" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand client" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand providers" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand providers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand allow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand deny" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -f -a "status" -d 'Where it listens, who may use it, what is under way'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -f -a "on" -d 'Serve a profile through it'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -f -a "off" -d 'Serve a profile directly again'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -f -a "log" -d 'What went through it since the daemon started; no contents'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and not __fish_seen_subcommand_from status on off log revoke" -f -a "revoke" -d 'End a token'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from on" -l serve -d 'The tools to serve: openai, anthropic, or both' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from on" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from on" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from off" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from off" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from log" -s n -l lines -d 'How many lines' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from log" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from revoke" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand proxy; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "start" -d 'Start it, if it does not run'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "stop" -d 'End it; shells keep what they have'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "restart" -d 'End it and start it anew'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "status" -d 'Whether it runs, since when, for how many shells'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "run" -d 'Run it in this terminal'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "install" -d 'Have the system start it: systemd with a socket, launchd, or a Windows logon task'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "uninstall" -d 'Take `install` back'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and not __fish_seen_subcommand_from start stop restart status run install uninstall log" -f -a "log" -d 'The end of its log'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from restart" -l now -d 'Do not wait for what is under way'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from status" -l json -d 'Print JSON'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from run" -l by -d 'Say which part of the system started it' -r -f -a "systemd\t''
launchd\t''
task\t''"
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from run" -l background -d 'Start it apart from this process and end'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from run" -l detached -d 'Be the daemon that was started so'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from install" -l for -d 'With --print: for which system, where it is not this one' -r -f -a "systemd\t'`systemd --user`'
launchd\t'launchd, on macOS'
task\t'The Task Scheduler of Windows'"
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from install" -l print -d 'Show the files and write nothing'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from uninstall" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from log" -s n -l lines -d 'How many lines' -r
complete -c llmenv -n "__fish_llmenv_using_subcommand daemon; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand unlock" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand lock" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand init" -l debug-trap -d 'bash: act on `cd` at once, through the DEBUG trap'
complete -c llmenv -n "__fish_llmenv_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c llmenv -n "__fish_llmenv_using_subcommand completions" -s h -l help -d 'Print help'
complete -c llmenv -n "__fish_llmenv_using_subcommand man" -l to -d 'Write every page into this folder' -r -f -a "(__fish_complete_directories)"
complete -c llmenv -n "__fish_llmenv_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'

function __fish_llmenv_profiles
    command llmenv hook complete profiles 2>/dev/null
end
complete -c llmenv -n "__fish_seen_subcommand_from rotate edit rename remove show use exec env unlock; and test (count (commandline -opc)) -eq 2" -f -a "(__fish_llmenv_profiles)" -d Profile
