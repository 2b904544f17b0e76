# Completion of sendspec for bash, 4.4 or newer. Written by `sendspec completion bash`.

_sendspec() {
    local current="${COMP_WORDS[COMP_CWORD]}" kind value rest ending path IFS=$' \t\n'
    COMPREPLY=()
    [[ $current == "=" ]] && current=""
    while IFS=$'\t' read -r kind value rest; do
        case $kind in
            word)
                COMPREPLY+=("$value")
                ;;
            folders)
                compopt -o filenames
                while read -r path; do COMPREPLY+=("$path"); done < <(compgen -d -- "$current")
                ;;
            files)
                compopt -o filenames
                if [[ -z $value ]]; then
                    while read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$current")
                    continue
                fi
                while read -r path; do COMPREPLY+=("$path"); done < <(compgen -d -- "$current")
                for ending in $value; do
                    while read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -X "!*.$ending" -- "$current")
                done
                ;;
        esac
    done < <(_SENDSPEC_COMPLETE=bash "${1/#\~/$HOME}" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -F _sendspec sendspec
