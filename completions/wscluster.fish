# fish completion for wscluster: 'wscluster completion fish' prints this file.
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
