// SPDX-License-Identifier: MIT
#include "completion_scripts.hpp"

namespace wscluster::app {
namespace {

constexpr const char* bash_script = R"(# bash completion for wscluster: 'wscluster completion bash' prints this file.
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
)";

constexpr const char* zsh_script = R"(#compdef wscluster
# zsh completion for wscluster: 'wscluster completion zsh' prints this file.
_wscluster() {
    local line directive=:none
    local -a candidates
    for line in "${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            :*) directive=$line ;;
            *$'\t'*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            ?*) candidates+=("${line//:/\\:}") ;;
        esac
    done
    (( $#candidates )) && _describe -t wscluster 'wscluster' candidates
    [[ $directive == :files ]] && _files
}
if [[ $funcstack[1] == _wscluster ]]; then _wscluster "$@"; else compdef _wscluster wscluster; fi
)";

constexpr const char* fish_script = R"(# fish completion for wscluster: 'wscluster completion fish' prints this file.
function __wscluster_complete
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    set -l lines (wscluster __complete -- $words 2>/dev/null)
    for line in $lines
        string match -q ':*' -- $line; or echo $line
    end
    if contains -- :files $lines
        __fish_complete_path (commandline -ct)
    end
end
complete -c wscluster -f -a '(__wscluster_complete)'
)";

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  return {};
}

}  // namespace wscluster::app
