"""What each shell needs in order to ask `mlp` at TAB. Making a script asks nobody."""

from __future__ import annotations

from collections.abc import Mapping

_BASH = r"""_mlp_complete() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ "$line" == ":files" ]]; then
            compopt -o default
        else
            COMPREPLY+=("$line")
        fi
    done < <("${COMP_WORDS[0]}" __complete bash "${COMP_LINE:0:$COMP_POINT}" "$2" 2>/dev/null)
    local last="${COMPREPLY[*]: -1}"
    if [[ ${#COMPREPLY[@]} -eq 1 && "$last" == *[=@] ]]; then
        compopt -o nospace
    fi
}
complete -F _mlp_complete mlp
"""

_ZSH = r"""#compdef mlp
_mlp() {
    local line word
    local -a plain open
    for line in "${(@f)$("${words[1]}" __complete zsh "${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
        word="${line%%$'\t'*}"
        if [[ "$word" == ":files" ]]; then
            _files
            return
        elif [[ "$word" == *[=@] ]]; then
            open+=("${word//:/\\:}:${line#*$'\t'}")
        elif [[ -n "$word" ]]; then
            plain+=("${word//:/\\:}:${line#*$'\t'}")
        fi
    done
    (( $#open )) && _describe '' open -S ''
    (( $#plain )) && _describe '' plain
}
compdef _mlp mlp
"""

_FISH = r"""function __mlp_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete fish $words 2>/dev/null)
        if string match -q ':files*' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c mlp -f -a '(__mlp_complete)'
"""

SCRIPTS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
"""The script by the name of the shell."""
HINTS: Mapping[str, str] = {
    "bash": 'add to ~/.bashrc:  eval "$(mlp completion bash)"',
    "zsh": 'add to ~/.zshrc, below compinit:  eval "$(mlp completion zsh)"',
    "fish": "mlp completion fish > ~/.config/fish/completions/mlp.fish",
}
"""What to do with it."""
