# Sourced by fetch: packages through apt, apart from the machine's own apt.
# Uses $cache, $suite, $update, $quiet, $need_mb.

# The entries of the machine's own sources that carry Debian 12's main; with
# "backports", what these would be for its backports.
derive_sources()
{
	{
		cat /etc/apt/sources.list.d/*.sources 2>/dev/null || :
	} | awk -v suite="$suite" -v RS= -v FS='\n' '
	{
		uris = keys = ""
		is_main = is_suite = is_off = 0
		suites = ""
		for (i = 1; i <= NF; i++) {
			name = tolower($i); sub(/:.*/, "", name)
			value = $i; sub(/^[^:]*:[ \t]*/, "", value)
			if ($i ~ /^#/) continue
			if (name == "uris") uris = value
			if (name == "signed-by") keys = value
			if (name == "suites") suites = value
			if (name == "enabled" && value ~ /^no/) is_off = 1
			if (name == "components") is_main = value ~ /(^| )main( |$)/
		}
		n = split(suites, s, /[ \t]+/)
		for (i = 1; i <= n; i++) {
			if (s[i] != suite && s[i] != suite "-security") continue
			if (!uris || !is_main || is_off) continue
			list = s[i] == suite ? suite " " suite "-backports" : s[i]
			printf "Types: deb\nURIs: %s\nSuites: %s\n", uris, list
			printf "Components: main\n"
			if (keys) printf "Signed-By: %s\n", keys
			printf "\n"
		}
	}'
}

derive_source_lines()
{
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
	    awk -v suite="$suite" '
	$1 == "deb" && / main( |$)/ {
		at = 2
		options = ""
		if ($2 ~ /^\[/) {
			while ($at !~ /\]$/) options = options " " $(at++)
			options = options " " $(at++)
		}
		if ($(at + 1) == suite) {
			print "deb" options, $at, suite, "main"
			print "deb" options, $at, suite "-backports", "main"
		} else if ($(at + 1) == suite "-security")
			print "deb" options, $at, $(at + 1), "main"
	}'
}

apt_prepare()
{
	[ -n "${APT_CONFIG_DONE:-}" ] && return
	for tool in apt-get apt-cache dpkg-deb awk gzip; do
		command -v $tool >/dev/null ||
		    fail "$tool is missing" "apt install apt dpkg gawk gzip"
	done

	apt=$cache/apt
	mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/archives/partial"
	derive_sources >"$apt/sources/debian.sources"
	derive_source_lines >"$apt/sources/debian.list"
	[ -s "$apt/sources/debian.sources" ] || [ -s "$apt/sources/debian.list" ] ||
	    fail "no source for Debian 12 ($suite main) in /etc/apt" \
		"add one, or run this on Debian 12"
	cat >"$apt/apt.conf" <<-END
	Dir::Etc::sourcelist "/dev/null";
	Dir::Etc::sourceparts "$apt/sources";
	Dir::State::lists "$apt/lists";
	Dir::Cache "$apt";
	Dir::Cache::archives "$apt/archives";
	APT::Sandbox::User "root";
	APT::Default-Release "";
	Debug::NoLocking "true";
	Acquire::Retries "2";
	Acquire::http::Timeout "30";
	Acquire::https::Timeout "30";
	END
	export APT_CONFIG="$apt/apt.conf"

	say "reading Debian's package lists"
	rm -f "$apt"/*.log
	# A source that fails matters only if a package is then not found.
	apt-get update >"$apt/update.log" 2>&1 || :
	APT_CONFIG_DONE=yes
}

# Explain a failure of apt in one line.
apt_failed()
{
	if grep -qiE 'enough free space|No space left' "$apt"/*.log; then
		fail "the disk that holds $cache is full" \
		    "free $need_mb MB or set XDG_CACHE_HOME to another disk"
	elif grep -qiE 'resolve|connect|timed out|unreachable|Failed to fetch' \
	    "$apt"/*.log; then
		fail "cannot download $1 from Debian's mirror" \
		    "check the network and /etc/apt/sources.list*, then run this again (logs: $apt/*.log)"
	else
		fail "apt cannot get $1: $(sed -n 's/^E: //p' "$apt"/*.log |
		    head -n 1)" "see $apt/*.log"
	fi
}

# apt-get with its log in get.log, telling how far the download is.
apt_get()
{
	{
		apt-get -o APT::Status-Fd=3 "$@" 3>&1 >"$apt/get.log" 2>&1 &&
		    : >"$apt/got"
	} | awk -F : -v quiet="$quiet" '
	$1 == "dlstatus" && $3 >= last + 20 && quiet == "no" {
		last = int($3 / 20) * 20
		if (last < 100) {
			printf "    %d %%\n", last >"/dev/stderr"
			fflush("/dev/stderr")
		}
	}'
	rm "$apt/got" 2>/dev/null
}

# fetch_deb PACKAGE[=VERSION]: download one package; prints the file.
fetch_deb()
{
	rm -f "$apt/archives/${1%=*}"_*.deb
	(cd "$apt/archives" && apt_get download "$1") || apt_failed "$1"
	ls "$apt/archives/${1%=*}"_*.deb
}

record()
{
	for deb; do
		printf '%s  %s\n' "$(sha256sum <"$deb" | cut -d ' ' -f 1)" \
		    "$(basename "$deb")"
	done
}
