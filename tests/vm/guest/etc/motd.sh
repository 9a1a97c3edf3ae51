# The greeting on the console.
c='\033[1;36m' n='\033[0m' d='\033[1;30m'
printf "\033[2J\033[H\n  ${c}Debian GNU/Linux 12${n}  %s tty1\n" "$(hostname)"
printf "  ${d}Linux %s, unmodified${n}\n\n" "$(uname -r)"
printf "  This virtual machine has the stock kernel and the stock drivers.\n"
printf "  Nothing in it knows about tds, or about any other machine.\n\n"
[ -f news/today.txt ] && sed 's/^/  /' news/today.txt && echo
unset c n d
