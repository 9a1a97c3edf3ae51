#!/bin/sh
# edid.sh EDID_PRINT: what we say a monitor is, judged by edid-decode.
set -eu
n=0
for size in 320x200 321x200 640x480 800x600 1000x640 1024x768 1280x720 \
    1366x768 1501x997 1920x1080 1920x1200 2560x1440 3440x1440 3840x2160 \
    4095x2160 4095x4095 321x4095 4095x200; do
	for scanout in 0 3; do
		report=$("$1" "${size%x*}" "${size#*x}" $scanout |
		    edid-decode --check)
		case $report in
		*"DTD 1:"*" ${size} "*"EDID conformity: PASS"*) n=$((n + 1)) ;;
		*) printf '%s\n' "$report"; exit 1 ;;
		esac
	done
done
echo "$n monitors conform"
