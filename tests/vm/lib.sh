# Sourced by the scripts here: how they speak.

say()
{
	[ "${quiet:-no}" = yes ] || printf '%s\n' "  $*" >&2
}

# fail WHAT REMEDY: one line, and out.
fail()
{
	printf '%s: %s; %s\n' "$(basename "$0")" "$1" "$2" >&2
	exit 1
}
