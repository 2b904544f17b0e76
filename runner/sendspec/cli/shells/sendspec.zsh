#compdef sendspec
# Completion of sendspec for zsh. Written by `sendspec completion zsh`.

_sendspec() {
    local line
    local -a parts described options
    local -a given=("${(@Q)words[2,CURRENT]}")
    [[ $PREFIX == --*=* ]] && compset -P '*='
    for line in "${(@f)$(_SENDSPEC_COMPLETE=zsh ${(Q)~words[1]} "${given[@]}" 2>/dev/null)}"; do
        parts=("${(@s:	:)line}")
        case $parts[1] in
            (word)
                if [[ $parts[2] == -* ]]; then
                    options+=("${parts[2]//:/\\:}${parts[3]:+:$parts[3]}")
                else
                    described+=("${parts[2]//:/\\:}${parts[3]:+:$parts[3]}")
                fi
                ;;
            (folders)
                _files -/
                ;;
            (files)
                if [[ -z $parts[2] ]]; then
                    _files
                else
                    _files -g "*.(${parts[2]// /|})(-.)"
                fi
                ;;
        esac
    done
    (( $#options )) && _describe -o 'option' options
    (( $#described )) && _describe -V 'sendspec' described
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _sendspec "$@"
else
    compdef _sendspec sendspec
fi
