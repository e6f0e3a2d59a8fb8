# Profile names, looked up when they are asked for; everything else is left to the generated function.
_llmenv_with_profiles() {
    local word=${COMP_WORDS[COMP_CWORD]}
    if [[ $COMP_CWORD -eq 2 && $word != -* ]]; then
        case ${COMP_WORDS[1]} in
        rotate | edit | rename | remove | show | use | exec | env | unlock)
            local name
            COMPREPLY=()
            while IFS= read -r name; do
                [[ $name == "$word"* ]] && COMPREPLY+=("$name")
            done < <(command llmenv hook complete profiles 2>/dev/null)
            return 0
            ;;
        esac
    fi
    _llmenv "$@"
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _llmenv_with_profiles -o nosort -o bashdefault -o default llmenv
else
    complete -F _llmenv_with_profiles -o bashdefault -o default llmenv
fi
