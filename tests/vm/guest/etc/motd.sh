# The greeting on the console.
c='\033[1;36m' n='\033[0m' d='\033[1;30m'
printf "\033[2J\033[H\n  ${c}Debian GNU/Linux 12${n}  %s tty1\n" "$(hostname)"
printf "  ${d}Linux %s, unmodified${n}\n\n" "$(uname -r)"
printf "  This virtual machine has the stock kernel and the stock drivers.\n"
printf "  Nothing in it knows about tds, or about any other machine.\n\n"
if [ -f news/today.txt ]; then
	printf "  \033[1m%s\033[0m\n" "$(head -n 1 news/today.txt)"
	sed '1d; s/^/  /' news/today.txt
	echo
fi
unset c n d
