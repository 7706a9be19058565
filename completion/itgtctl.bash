# bash completion for itgtctl(8): the program itself knows what could come next.
_itgtctl()
{
	local line=${COMP_LINE:0:COMP_POINT} word
	word=${line##*[[:space:]]}
	mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "$line" 2>/dev/null)
	# Where colons part words, readline wants what stands behind the last one.
	if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
	fi
}
complete -F _itgtctl itgtctl
