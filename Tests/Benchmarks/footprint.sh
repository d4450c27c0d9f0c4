#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what an agent costs the host it runs on, with devices that are watched and not learned from.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
    cat <<'TEXT'
Usage: Scripts/benchmark footprint [--seconds 60] [--devices 1,10,100] [--json]

Runs an agent alone on recordings, with the default family and both detectors; waits until it has learned its model, and then
measures resident memory and CPU time for --seconds: once with one device of 8 channels at 1 Hz, and once for each number of
devices of 38 channels at 10 Hz.
TEXT
}

seconds=60
json=false
devices=1,10,100
while [ $# -gt 0 ]; do
    case "$1" in
        --seconds)
            [[ "${2:-}" =~ ^[1-9][0-9]{0,3}$ ]] || { echo "footprint: --seconds needs a number from 1 to 9999" >&2; exit 64; }
            seconds=$2; shift ;;
        --devices)
            [[ "${2:-}" =~ ^[1-9][0-9]{0,2}(,[1-9][0-9]{0,2})*$ ]] ||
                { echo "footprint: --devices needs numbers from 1 to 256 with commas between them" >&2; exit 64; }
            devices=$2; shift ;;
        --json) json=true ;;
        -h | --help) usage; exit 0 ;;
        *) echo "footprint: unknown option \"$1\"" >&2; exit 64 ;;
    esac
    shift
done

swift build -c release --product linnet-edge >&2
linnet=$(swift build -c release --product linnet-edge --show-bin-path)/linnet-edge
directory=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$directory"' EXIT
# 6000 rows of channels that follow three loads, with noise; the same in every run.
recording() {
    awk -v channels="$1" 'BEGIN {
        srand(7)
        for (channel = 1; channel <= channels; channel++) printf "c%d%s", channel, channel < channels ? "," : "\n"
        for (row = 0; row < 6000; row++) {
            load[0] = sin(row / 400); load[1] = sin(row / 90); load[2] = cos(row / 230)
            for (channel = 1; channel <= channels; channel++)
                printf "%.4f%s", 10 * channel + channel * load[channel % 3] + 0.1 * rand(), channel < channels ? "," : "\n"
        }
    }' >"$directory/machine-$1.csv"
}
recording 8
recording 38

ticks() { awk '{print $14 + $15}' <(sed 's/.*) //' "/proc/$pid/stat" | awk '{print "x x " $0}'); }
value() { awk -v key="$1:" '$1 == key {print $2}' "$2"; }
mib() { awk -v k="$1" 'BEGIN {printf "%.1f", k / 1024}'; }

# Measures an agent with so many devices of so many channels at so many Hz; sets resident, peak, proportional (KiB), share (percent) and threads.
measure() {
    local count=$1 channels=$2 hertz=$3 before after number
    local name=$1.$2.$3
    local log=$directory/log.$name
    {
        printf 'agent: footprint\nstate: state.%s\n' "$name"
        # Where samples come slowly, a window with each of them: a model is there after a minute.
        [ "$hertz" -gt 1 ] || printf 'window: {length: 8, stride: 1}\n'
        printf 'learning: {minimumWindows: 50, epochs: 5}\ndevices:\n'
        for ((number = 1; number <= count; number++)); do
            # A recording is taken for one sample a second, so ten times as fast is 10 Hz.
            printf '  - {id: m-%s, source: {kind: csv, path: machine-%s.csv, loop: true, speed: %s}}\n' \
                "$number" "$channels" "$hertz"
        done
    } >"$directory/edge.$name.yaml"
    OPENBLAS_NUM_THREADS=1 "$linnet" run --config "$directory/edge.$name.yaml" 2>"$log" &
    pid=$!
    echo "footprint: an agent with devices ($count, of $channels channels at $hertz Hz) learns its model" >&2
    for _ in $(seq 1 600); do
        [ "$(grep -c 'model installed' "$log")" -ge "$count" ] && break
        kill -0 "$pid" 2>/dev/null || { cat "$log" >&2; echo "footprint: the agent ended" >&2; exit 1; }
        sleep 1
    done
    [ "$(grep -c 'model installed' "$log")" -ge "$count" ] ||
        { tail -20 "$log" >&2; echo "footprint: no model after ten minutes" >&2; exit 1; }
    sleep 12
    before=$(ticks)
    echo "footprint: measuring for $seconds s" >&2
    sleep "$seconds"
    after=$(ticks)
    resident=$(value VmRSS "/proc/$pid/status")
    peak=$(value VmHWM "/proc/$pid/status")
    proportional=$(value Pss "/proc/$pid/smaps_rollup")
    threads=$(value Threads "/proc/$pid/status")
    share=$(awk -v t="$((after - before))" -v hz="$(getconf CLK_TCK)" -v s="$seconds" 'BEGIN {printf "%.2f", 100 * t / hz / s}')
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
}

rows=
$json || printf 'An agent watches for %s s each; aims: 25 MiB at 8 channels and 1 Hz, 30 MiB and 1 %% of a core at 38 and 10 Hz\n%8s  %8s  %5s  %6s  %9s  %12s  %9s  %7s\n' \
    "$seconds" devices channels Hz 'CPU %' resident proportional peak threads
cases=(1:8:1)
for count in ${devices//,/ }; do cases+=("$count:38:10"); done
for case in "${cases[@]}"; do
    IFS=: read -r count channels hertz <<<"$case"
    measure "$count" "$channels" "$hertz"
    if $json; then
        [ -z "$rows" ] || rows+=,
        rows+=$(printf '{"name":"%s x %s channels at %s Hz","devices":%s,"channels":%s,"hertz":%s,"cpuPercent":%s,"residentMiB":%s,"proportionalMiB":%s,"peakMiB":%s,"threads":%s,"linnet":%s,"peer":"idle Flower client","peerMiB":134,"ratio":%s}' \
            "$count" "$channels" "$hertz" "$count" "$channels" "$hertz" "$share" "$(mib "$resident")" \
            "$(mib "$proportional")" "$(mib "$peak")" "$threads" \
            "$(mib "$resident")" "$(awk -v k="$resident" 'BEGIN {printf "%.2f", 134 * 1024 / k}')")
    else
        printf '%8s  %8s  %5s  %6s  %5s MiB  %8s MiB  %5s MiB  %7s\n' "$count" "$channels" "$hertz" "$share" \
            "$(mib "$resident")" "$(mib "$proportional")" "$(mib "$peak")" "$threads"
    fi
done
if $json; then
    printf '{"benchmark":"footprint","seconds":%s,"rows":[%s]}\n' "$seconds" "$rows"
else
    echo "Published: an idle Flower client takes 134 MiB, inference in PyTorch 305; the peak is of the training at the start."
fi
