#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what an agent costs the host it runs on: devices of 38 channels at 10 Hz, watched, not learned from.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() {
    cat <<'TEXT'
Usage: Scripts/benchmark footprint [--seconds 60] [--devices 1,10,100] [--json]

Runs an agent alone on recordings of 38 channels, ten samples a second, with the default family and both detectors; waits
until it has learned its model, and then measures resident memory and CPU time for --seconds; once for each number of devices.
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
# Ten minutes of 38 channels that follow three loads, with noise; the same in every run.
awk 'BEGIN {
    srand(7)
    for (channel = 1; channel <= 38; channel++) printf "c%d%s", channel, channel < 38 ? "," : "\n"
    for (row = 0; row < 6000; row++) {
        load[0] = sin(row / 400); load[1] = sin(row / 90); load[2] = cos(row / 230)
        for (channel = 1; channel <= 38; channel++)
            printf "%.4f%s", 10 * channel + channel * load[channel % 3] + 0.1 * rand(), channel < 38 ? "," : "\n"
    }
}' >"$directory/machine.csv"

ticks() { awk '{print $14 + $15}' <(sed 's/.*) //' "/proc/$pid/stat" | awk '{print "x x " $0}'); }
value() { awk -v key="$1:" '$1 == key {print $2}' "$2"; }
mib() { awk -v k="$1" 'BEGIN {printf "%.1f", k / 1024}'; }

# Measures an agent with so many devices; sets resident, peak, proportional (KiB), share (percent) and threads.
measure() {
    local count=$1 before after log=$directory/log.$1 number
    {
        printf 'agent: footprint\nstate: state.%s\n' "$count"
        printf 'learning: {minimumWindows: 50, epochs: 5}\ndevices:\n'
        for ((number = 1; number <= count; number++)); do
            # A recording is taken for one sample a second, so ten times as fast is 10 Hz.
            printf '  - {id: m-%s, source: {kind: csv, path: machine.csv, loop: true, speed: 10}}\n' "$number"
        done
    } >"$directory/edge.$count.yaml"
    OPENBLAS_NUM_THREADS=1 "$linnet" run --config "$directory/edge.$count.yaml" 2>"$log" &
    pid=$!
    echo "footprint: an agent with $count devices learns its model" >&2
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
$json || printf 'Agents that watch devices of 38 channels at 10 Hz, for %s s each; one device: aim 1 %% of a core and 30 MiB\n%8s  %9s  %9s  %12s  %9s  %7s\n' \
    "$seconds" devices 'CPU %' resident proportional peak threads
for count in ${devices//,/ }; do
    measure "$count"
    if $json; then
        [ -z "$rows" ] || rows+=,
        rows+=$(printf '{"name":"%s devices","devices":%s,"cpuPercent":%s,"residentMiB":%s,"proportionalMiB":%s,"peakMiB":%s,"threads":%s,"linnet":%s,"peer":"idle Flower client","peerMiB":134,"ratio":%s}' \
            "$count" "$count" "$share" "$(mib "$resident")" "$(mib "$proportional")" "$(mib "$peak")" "$threads" \
            "$(mib "$resident")" "$(awk -v k="$resident" 'BEGIN {printf "%.2f", 134 * 1024 / k}')")
    else
        printf '%8s  %9s  %5s MiB  %8s MiB  %5s MiB  %7s\n' "$count" "$share" "$(mib "$resident")" \
            "$(mib "$proportional")" "$(mib "$peak")" "$threads"
    fi
done
if $json; then
    printf '{"benchmark":"footprint","seconds":%s,"rows":[%s]}\n' "$seconds" "$rows"
else
    echo "Published: an idle Flower client takes 134 MiB, inference in PyTorch 305; the peak is of the training at the start."
fi
