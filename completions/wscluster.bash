# bash completion for wscluster: 'wscluster completion bash' prints this file.
_wscluster() {
    local line directive=:none
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) directive=$line ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ $directive == :files ]] && compopt -o default 2>/dev/null
    return 0
}
complete -F _wscluster wscluster
