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
