# Completion of sendspec for fish. Written by `sendspec completion fish`.

function __sendspec_complete
    set -l given (commandline -opc)
    set -l token (commandline -ct)
    set -l prefix (string match -r -- '^--[^=]*=' "$token")
    set -l start (string sub -s (math (string length -- "$prefix") + 1) -- "$token")
    for line in (_SENDSPEC_COMPLETE=fish command $given[1] $given[2..] "$token" 2>/dev/null)
        set -l parts (string split \t -- $line)
        switch $parts[1]
            case word
                printf '%s\t%s\n' "$prefix$parts[2]" "$parts[3]"
            case folders
                for path in $start*/
                    printf '%s\n' "$prefix$path"
                end
            case files
                for path in $start*/
                    printf '%s\n' "$prefix$path"
                end
                if test -z "$parts[2]"
                    for path in $start*
                        test -d "$path"; or printf '%s\n' "$prefix$path"
                    end
                end
                for ending in (string split -n ' ' -- "$parts[2]")
                    for path in $start*.$ending
                        printf '%s\n' "$prefix$path"
                    end
                end
        end
    end
end

complete --command sendspec --no-files --keep-order --arguments '(__sendspec_complete)'
