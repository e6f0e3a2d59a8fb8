
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'llmenv' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $profileCommands = @('rotate', 'edit', 'rename', 'remove', 'show', 'use', 'exec', 'env', 'unlock')
    $wordsBefore = if ($wordToComplete) { $commandElements.Count - 1 } else { $commandElements.Count }
    if ($wordsBefore -eq 2 -and $wordToComplete -notlike '-*' -and $profileCommands -contains $commandElements[1].ToString()) {
        $program = Get-Command -Name llmenv -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
        if ($program) {
            & $program hook complete profiles 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }
        }
        return
    }
    $command = @(
        'llmenv'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'llmenv' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('setup', 'setup', [CompletionResultType]::ParameterValue, 'First run: the hook in the shell''s start-up file, the store, the keys found here')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Add a profile: a provider account with its key')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Replace a profile''s key')
            [CompletionResult]::new('edit', 'edit', [CompletionResultType]::ParameterValue, 'Change a profile: by flags, or the configuration in your editor')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give a profile another name')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a profile and its key')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Choose the profile of this shell')
            [CompletionResult]::new('off', 'off', [CompletionResultType]::ParameterValue, 'Nothing active in this shell')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'What is active here, and why')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with a profile''s pair')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print a profile''s pair for a shell or a file')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Every place that sets a variable, and what each sort of program gets')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'What is wrong here: values, contradictions, programs with an old key')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Try a profile at its provider: does it take the key, what is left to spend')
            [CompletionResult]::new('undo', 'undo', [CompletionResultType]::ParameterValue, 'Give files that llmenv changed their earlier content back')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'What an error means: its cause, whose key was sent, what to do')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take over keys that lie in files and in this environment')
            [CompletionResult]::new('client', 'client', [CompletionResultType]::ParameterValue, 'What a tool needs besides variables: printed, or written into its settings')
            [CompletionResult]::new('providers', 'providers', [CompletionResultType]::ParameterValue, 'The catalogue of providers')
            [CompletionResult]::new('allow', 'allow', [CompletionResultType]::ParameterValue, 'Let a directory''s `.llmenv.toml`, or an included file, take effect')
            [CompletionResult]::new('deny', 'deny', [CompletionResultType]::ParameterValue, 'Take that back')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'The local proxy: tools get a token, the key stays in the background process')
            [CompletionResult]::new('daemon', 'daemon', [CompletionResultType]::ParameterValue, 'Look after the background process')
            [CompletionResult]::new('unlock', 'unlock', [CompletionResultType]::ParameterValue, 'Open the store, or fetch the key that a program gives')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Close everything: no shell has a key until `llmenv unlock`')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Print a shell''s hook')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell''s completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, or write all of them')
            [CompletionResult]::new('hook', 'hook', [CompletionResultType]::ParameterValue, 'For hooks only')
            break
        }
        'llmenv;setup' {
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'The shell to set up (bash, zsh, fish, powershell); without it, the one that runs this')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where to keep keys')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Take out what setup wrote')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;add' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The provider, as `llmenv providers` lists it, or `custom`')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'The provider, as `llmenv providers` lists it, or `custom`')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'The base URL, where it differs from the provider''s')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'The model to use by default')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Families of variables to set: openai, anthropic, gemini')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Whose account it is, for `status`')
            [CompletionResult]::new('--billing', '--billing', [CompletionResultType]::ParameterName, 'Who pays: metered, subscription, local')
            [CompletionResult]::new('--dialect', '--dialect', [CompletionResultType]::ParameterName, 'For `custom`: what the endpoint speaks')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'How the endpoint wants to see the key')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'The provider''s organization')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'The provider''s project')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The API version')
            [CompletionResult]::new('--deployment', '--deployment', [CompletionResultType]::ParameterName, 'The deployment')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Read the key from a file, once')
            [CompletionResult]::new('--key-ref', '--key-ref', [CompletionResultType]::ParameterName, 'Keep a reference instead of a key: `file:PATH` or `command:PROGRAM ARGUMENTS`')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where to keep keys, where nothing was chosen yet')
            [CompletionResult]::new('--key-stdin', '--key-stdin', [CompletionResultType]::ParameterName, 'Read the key from standard input')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Take the key even if it does not look like one of this provider')
            [CompletionResult]::new('--no-check', '--no-check', [CompletionResultType]::ParameterName, 'Do not try the key at the provider')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;rotate' {
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'Read the key from a file, once')
            [CompletionResult]::new('--key-stdin', '--key-stdin', [CompletionResultType]::ParameterName, 'Read the key from standard input')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Take the key even if it does not look like one of this provider')
            [CompletionResult]::new('--no-check', '--no-check', [CompletionResultType]::ParameterName, 'Do not try the key at the provider')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;edit' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The provider, as `llmenv providers` lists it, or `custom`')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'The provider, as `llmenv providers` lists it, or `custom`')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'The base URL, where it differs from the provider''s')
            [CompletionResult]::new('--model', '--model', [CompletionResultType]::ParameterName, 'The model to use by default')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Families of variables to set: openai, anthropic, gemini')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Whose account it is, for `status`')
            [CompletionResult]::new('--billing', '--billing', [CompletionResultType]::ParameterName, 'Who pays: metered, subscription, local')
            [CompletionResult]::new('--dialect', '--dialect', [CompletionResultType]::ParameterName, 'For `custom`: what the endpoint speaks')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'How the endpoint wants to see the key')
            [CompletionResult]::new('--organization', '--organization', [CompletionResultType]::ParameterName, 'The provider''s organization')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'The provider''s project')
            [CompletionResult]::new('--api-version', '--api-version', [CompletionResultType]::ParameterName, 'The API version')
            [CompletionResult]::new('--deployment', '--deployment', [CompletionResultType]::ParameterName, 'The deployment')
            [CompletionResult]::new('--unset', '--unset', [CompletionResultType]::ParameterName, 'Take a field out')
            [CompletionResult]::new('--bind-to', '--bind-to', [CompletionResultType]::ParameterName, 'Let the key, which is bound to another host, go to this one from now on')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;rename' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;remove' {
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;show' {
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Print the key itself, and nothing else')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Print it even where standard output is not a terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;use' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'For a time only: `90s`, `30m`, `2h`, `1d`')
            [CompletionResult]::new('--here', '--here', [CompletionResultType]::ParameterName, 'In this directory and below it: writes `.llmenv.toml` and allows it')
            [CompletionResult]::new('--rule', '--rule', [CompletionResultType]::ParameterName, 'With --here: writes a rule to your own configuration instead')
            [CompletionResult]::new('--global', '--global', [CompletionResultType]::ParameterName, 'Wherever nothing else says so: sets the default')
            [CompletionResult]::new('--auto', '--auto', [CompletionResultType]::ParameterName, 'Let directories decide again')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;off' {
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'End this shell''s tokens of the proxy too, so that programs started from it lose their access')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;status' {
            [CompletionResult]::new('--usage', '--usage', [CompletionResultType]::ParameterName, 'What went through the proxy, by day and profile')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;exec' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;env' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'bash, zsh, fish, powershell, cmd, nu, dotenv, json, docker, systemd, github')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'bash, zsh, fish, powershell, cmd, nu, dotenv, json, docker, systemd, github')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'How long the proxy''s token in it is good: `30m`, `2h` (12 hours without it)')
            [CompletionResult]::new('--direct', '--direct', [CompletionResultType]::ParameterName, 'The real key and base URL, for a profile that is served through the proxy')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'For start-up lines: asks nobody, runs no key''s program, and prints nothing where no profile is active')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'For start-up lines: asks nobody, runs no key''s program, and prints nothing where no profile is active')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;why' {
            [CompletionResult]::new('--tool', '--tool', [CompletionResultType]::ParameterName, 'What one tool gets: aider, claude, codex, opencode, gemini, llm, continue, or a loader such as python-dotenv')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;doctor' {
            [CompletionResult]::new('--online', '--online', [CompletionResultType]::ParameterName, 'Try the profile at its provider, too')
            [CompletionResult]::new('--tree', '--tree', [CompletionResultType]::ParameterName, 'Look at the `.env` files below this directory too')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Mend what is certain in `.env` files: the change is shown, then asked about; `llmenv undo` takes it back')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'With --fix: without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'With --fix: without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;check' {
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'All profiles')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;undo' {
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what can be undone')
            [CompletionResult]::new('--show', '--show', [CompletionResultType]::ParameterName, 'Show what undoing it would change, and change nothing')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Restore files that were edited or removed since, too; what they hold now is kept')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do it without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;explain' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;import' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'What the files are, where their names do not say it: dotenv, bash, zsh, fish, powershell, claude, codex, aider, opencode, llm-env')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What the files are, where their names do not say it: dotenv, bash, zsh, fish, powershell, claude, codex, aider, opencode, llm-env')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The profile''s name, where one key is found')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Only keys of this provider; decides where a key may be one of several')
            [CompletionResult]::new('--provider', '--provider', [CompletionResultType]::ParameterName, 'Only keys of this provider; decides where a key may be one of several')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Store everything that is found without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Store everything that is found without asking')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done, and do nothing')
            [CompletionResult]::new('--rewrite', '--rewrite', [CompletionResultType]::ParameterName, 'Take the keys out of the files once they are stored; a comment names the profile')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;client' {
            [CompletionResult]::new('--write', '--write', [CompletionResultType]::ParameterName, 'Write it into the tool''s settings; the change is shown and asked about')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'With --write: without asking')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'With --write: without asking')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;providers' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;allow' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;deny' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;proxy' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Where it listens, who may use it, what is under way')
            [CompletionResult]::new('on', 'on', [CompletionResultType]::ParameterValue, 'Serve a profile through it')
            [CompletionResult]::new('off', 'off', [CompletionResultType]::ParameterValue, 'Serve a profile directly again')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'What went through it since the daemon started; no contents')
            [CompletionResult]::new('revoke', 'revoke', [CompletionResultType]::ParameterValue, 'End a token')
            break
        }
        'llmenv;proxy;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;proxy;on' {
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'The tools to serve: openai, anthropic, or both')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;proxy;off' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;proxy;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many lines')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'How many lines')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;proxy;revoke' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start it, if it does not run')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'End it; shells keep what they have')
            [CompletionResult]::new('restart', 'restart', [CompletionResultType]::ParameterValue, 'End it and start it anew')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Whether it runs, since when, for how many shells')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run it in this terminal')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Have the system start it: systemd with a socket, launchd, or a Windows logon task')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take `install` back')
            [CompletionResult]::new('log', 'log', [CompletionResultType]::ParameterValue, 'The end of its log')
            break
        }
        'llmenv;daemon;start' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;stop' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;restart' {
            [CompletionResult]::new('--now', '--now', [CompletionResultType]::ParameterName, 'Do not wait for what is under way')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;status' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;run' {
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Say which part of the system started it')
            [CompletionResult]::new('--background', '--background', [CompletionResultType]::ParameterName, 'Start it apart from this process and end')
            [CompletionResult]::new('--detached', '--detached', [CompletionResultType]::ParameterName, 'Be the daemon that was started so')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;install' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'With --print: for which system, where it is not this one')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Show the files and write nothing')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;daemon;uninstall' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;daemon;log' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'How many lines')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'How many lines')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;unlock' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;lock' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;init' {
            [CompletionResult]::new('--debug-trap', '--debug-trap', [CompletionResultType]::ParameterName, 'bash: act on `cd` at once, through the DEBUG trap')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'llmenv;man' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Write every page into this folder')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'llmenv;hook' {
            break
        }
    })

    $completions | Where-Object { $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
