function __fish_llmenv_profiles
    command llmenv hook complete profiles 2>/dev/null
end
complete -c llmenv -n "__fish_seen_subcommand_from rotate edit rename remove show use exec env unlock; and test (count (commandline -opc)) -eq 2" -f -a "(__fish_llmenv_profiles)" -d Profile
