# llmenv for bash 3.2 and later. Printed by `llmenv init bash`; see README, "Shells".
#
# This shell owns its state. What comes from the daemon is data: lines that are checked and assigned, never evaluated.
# Arrays hold what must not reach a child process: bash cannot export them, not even under `set -a`.
# They are filled one element at a time: an interrupt in the middle of `name=(…)` leaves bash reading the text between the
# parentheses, whose end it then takes for the end of its input, and it exits.
# Values are compared with `[`, for `[[` and `case` ignore case under `shopt -s nocasematch`.

# An alias of the user's must not become part of the functions below.
\builtin shopt -q expand_aliases && __llmenv_aliases=1 || __llmenv_aliases=
\builtin shopt -u expand_aliases

__llmenv_program=__LLMENV_PROGRAM__
__llmenv_state_dir=__LLMENV_STATE_DIR__

# One shell function, for what must change this shell; everything else goes to the program.
llmenv() {
  case ${1-} in
    use | off | allow | deny | lock | unlock)
      local IFS=' '
      case " $* " in
        *' --help '* | *' -h '* | *' --json '*) ;;
        *)
          # An agent may have copied this function without the others: then it is the program alone.
          if [[ ${__llmenv_loaded[1]-} == "$$" && ${LLMENV_HOOK-} != 0 ]] && builtin declare -F __llmenv_choose >/dev/null; then
            __llmenv_choose "$@"
            return
          fi
          ;;
      esac
      ;;
  esac
  command llmenv "$@"
}

# Prompt: nothing changed is the usual case and takes a read and two comparisons, no process.
__llmenv_prompt() {
  local __llmenv_status=$?
  case ${LLMENV_HOOK-}:$-${__llmenv_traced-} in
    0:* | *:*[ex]*)
      __llmenv_prompt_with_care
      return
      ;;
  esac
  IFS= builtin read -r __llmenv_found <"$__llmenv_watched" || __llmenv_found=
  if [[ $__llmenv_found != "$__llmenv_generation" || -n $__llmenv_restless ]] ||
    ! [ "${PWD-}:${!__llmenv_half_1-}:${!__llmenv_half_2-}:${!__llmenv_half_3-}:${!__llmenv_half_4-}:${!__llmenv_half_5-}:${!__llmenv_half_6-}" = "${__llmenv_settled[1]-}" ]; then
    __llmenv_look
  fi
  return $__llmenv_status
}

# The same where the hook is off, under `set -x` and under `set -e`.
__llmenv_prompt_with_care() {
  case ${LLMENV_HOOK-}:$-${__llmenv_traced-} in
    0:*) ;;
    *:*x*)
      # A traced comparison would print the key. `set +x` itself goes unseen.
      { builtin set +x; } 2>/dev/null
      __llmenv_traced=x
      __llmenv_look
      __llmenv_traced=
      builtin set -x
      ;;
    *) __llmenv_look ;;
  esac
  # Under `set -e` a status handed on would end the shell; the next command line gets the real one from bash in any case.
  case $- in *e*) return 0 ;; esac
  return $__llmenv_status
}

# What the next prompt compares with: the directory and the halves of pairs that this shell holds (two for each of three
# families). Another name changed by hand is the user's in any case. The values stand in an array, which is never exported.
__llmenv_settle() {
  local __llmenv_name __llmenv_at=0 __llmenv_text=$__llmenv_pwd
  __llmenv_half_1=__llmenv_none __llmenv_half_2=__llmenv_none __llmenv_half_3=__llmenv_none
  __llmenv_half_4=__llmenv_none __llmenv_half_5=__llmenv_none __llmenv_half_6=__llmenv_none
  for __llmenv_name in ${__llmenv_names[@]+"${__llmenv_names[@]}"}; do
    case $__llmenv_name in
      OPENAI_API_KEY | OPENAI_BASE_URL | ANTHROPIC_API_KEY | ANTHROPIC_AUTH_TOKEN | ANTHROPIC_BASE_URL | GEMINI_API_KEY | GOOGLE_GEMINI_BASE_URL)
        [[ $__llmenv_at -lt 6 ]] || continue
        __llmenv_at=$((__llmenv_at + 1)) __llmenv_text=$__llmenv_text:${!__llmenv_name-}
        builtin printf -v "__llmenv_half_$__llmenv_at" %s "$__llmenv_name"
        ;;
    esac
  done
  # One colon for each that is not in use.
  __llmenv_name=:::::: __llmenv_settled[1]=$__llmenv_text${__llmenv_name:__llmenv_at}
  # A read from a file that is not there would complain at every prompt.
  __llmenv_watched=/dev/null __llmenv_restless=1
  if [[ -f $__llmenv_file ]]; then __llmenv_watched=$__llmenv_file; fi
  [[ -n $__llmenv_pending || -n $__llmenv_first || $__llmenv_retry -ne 0 || $__llmenv_lease -ne 0 ]] || __llmenv_restless=
  [[ $__llmenv_watched != /dev/null || -z $__llmenv_generation ]] || __llmenv_restless=1
}

__llmenv_look() {
  local __llmenv_now= __llmenv_i __llmenv_name __llmenv_changed=
  # Whatever Ctrl-C cut short is over now.
  __llmenv_busy=
  [[ -z $__llmenv_pending ]] || __llmenv_commit
  { IFS= builtin read -r __llmenv_now <"$__llmenv_file"; } 2>/dev/null || :
  [[ $__llmenv_lease -eq 0 || ${EPOCHSECONDS-0} -lt $__llmenv_lease ]] || __llmenv_changed=lease
  if [[ -z $__llmenv_changed && -z $__llmenv_first && $__llmenv_now == "$__llmenv_generation" ]] &&
    [ "${PWD-}" = "$__llmenv_pwd" ]; then
    for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
      __llmenv_name=${__llmenv_names[__llmenv_i]}
      [ "${!__llmenv_name-}" = "${__llmenv_seen[__llmenv_i]}" ] || __llmenv_changed=1
    done
    [[ -n $__llmenv_changed || $__llmenv_retry -ne 0 && ${SECONDS-0} -ge $__llmenv_retry ]] || return 0
  fi
  __llmenv_busy=1
  if [[ -n $__llmenv_first ]]; then
    __llmenv_start
  else
    __llmenv_ask prompt || __llmenv_failed $?
  fi
  __llmenv_pwd=${PWD-} __llmenv_busy=
  __llmenv_settle
  return 0
}

# The daemon's signal: the applied profile has new values, and the command just typed is to see them.
__llmenv_push() {
  [[ -z $__llmenv_busy && -z $__llmenv_first && $__llmenv_count -gt 0 ]] || return 0
  [[ ${LLMENV_HOOK-} != 0 ]] || return 0
  local __llmenv_was_traced= __llmenv_now=
  case $- in *x*) { builtin set +x; } 2>/dev/null; __llmenv_was_traced=1 __llmenv_traced=x ;; esac
  __llmenv_busy=1
  [[ -z $__llmenv_pending ]] || __llmenv_commit
  { IFS= builtin read -r __llmenv_now <"$__llmenv_file"; } 2>/dev/null || :
  [[ $__llmenv_now == "$__llmenv_generation" ]] || __llmenv_ask push || :
  __llmenv_settle
  __llmenv_busy= __llmenv_traced=
  [[ -z $__llmenv_was_traced ]] || builtin set -x
  return 0
}

# What is told of this shell: __llmenv_fields, and in __llmenv_differ, like `,A,B,`, the names that somebody else has changed.
__llmenv_describe() {
  local __llmenv_i __llmenv_name IFS=,
  __llmenv_differ=,
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]}
    [ "${!__llmenv_name+=}${!__llmenv_name-}" = "${__llmenv_values[__llmenv_i]}" ] || __llmenv_differ=$__llmenv_differ$__llmenv_name,
  done
  __llmenv_fields[0]=shell=bash __llmenv_fields[1]=pid=$$ __llmenv_fields[2]=start=${__llmenv_id#*.} \
    __llmenv_fields[3]=reason=$__llmenv_reason __llmenv_fields[4]=profile=${__llmenv_profile:--} \
    __llmenv_fields[5]=lease=$__llmenv_lease __llmenv_fields[6]=mark=${__llmenv_mark:--} \
    __llmenv_fields[7]=signals=$__llmenv_signals __llmenv_fields[8]="names=${__llmenv_names[*]-}"
}

__llmenv_ask() {
  local __llmenv_spawn=0 __llmenv_out= __llmenv_code=0 __llmenv_differ=
  local -a __llmenv_fields
  if [[ ${SECONDS-0} -ge $__llmenv_retry ]]; then __llmenv_spawn=1; fi
  __llmenv_describe
  if [[ -n ${__llmenv_pipes[1]-} ]]; then
    if __llmenv_exchange "$1"; then
      __llmenv_apply "$1" "$__llmenv_out" || return
      __llmenv_retry=0 __llmenv_told=
      return 0
    fi
    # The program finds out what is the matter, and brings other pipes.
    __llmenv_pipes[1]=
  fi
  # Values go through the environment, never over a command line.
  __llmenv_out=$("$__llmenv_program" hook prompt "why=$1" "spawn=$__llmenv_spawn" "pipes=${__llmenv_pipes[0]}" "${__llmenv_fields[@]}" \
    "changed=$__llmenv_differ" "${@:2}" 2>/dev/null) || __llmenv_code=$?
  [[ $__llmenv_code -eq 0 ]] || return $__llmenv_code
  __llmenv_apply "$1" "$__llmenv_out" || return
  __llmenv_retry=0 __llmenv_told=
}

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 401)); then
  # Asks through the pipes that the daemon made for this shell, and sets __llmenv_out: no process, and 50 ms at most.
  __llmenv_exchange() {
    local LC_ALL=C IFS=$'\t' __llmenv_path=${__llmenv_pipes[1]} __llmenv_request= __llmenv_name= __llmenv_value= __llmenv_head=
    local -i __llmenv_tag=100000+RANDOM __llmenv_size=0
    # A subshell is another shell, and a directory may have other names than the shell knows.
    [[ ${BASHPID-} == "$$" && -p $__llmenv_path.ask && -O $__llmenv_path.ask && -p $__llmenv_path.answer && -O $__llmenv_path.answer ]] || return
    [[ ${PWD-} == /* && $PWD -ef . ]] || return
    __llmenv_request="${__llmenv_fields[*]}"
    __llmenv_escape "$PWD"
    __llmenv_request=$__llmenv_tag$'\thook 1\t'$__llmenv_request$'\twhy='$1$'\tcwd='$__llmenv_value
    IFS=,
    for __llmenv_name in ${__llmenv_differ#,}; do
      __llmenv_request=$__llmenv_request$'\tvar='$__llmenv_name
      if [[ -n ${!__llmenv_name+set} ]]; then
        # No key and no address is longer.
        __llmenv_escape "${!__llmenv_name:0:4096}"
        __llmenv_request=$__llmenv_request=$__llmenv_value
      fi
    done
    # A pipe has room for some of them, and nobody may be there to read.
    [[ ${#__llmenv_request} -lt 16384 ]] || return
    {
      builtin printf '%s\n' "$__llmenv_request" >&8 || return
      while :; do
        IFS= builtin read -r -t 0.05 -N 14 -u 9 __llmenv_head || return
        case ${__llmenv_head:6} in $'\t'[0-9][0-9][0-9][0-9][0-9][0-9]$'\n') ;; *) return 1 ;; esac
        __llmenv_size=10#${__llmenv_head:7:6}
        ((__llmenv_size > 0)) || return
        # It came in one piece with its length.
        IFS= builtin read -r -N $__llmenv_size -u 9 __llmenv_out || return
        # Else it is the late answer to an earlier question.
        [[ ${__llmenv_head:0:6} != "$__llmenv_tag" ]] || return 0
      done
    } 8<>"$__llmenv_path.ask" 9<>"$__llmenv_path.answer" 2>/dev/null
  }
fi

# Sets __llmenv_value to a text as a field of a request has it.
__llmenv_escape() {
  __llmenv_value=$1
  case $1 in
    *[%$'\t\n\r']*)
      __llmenv_value=${__llmenv_value//%/%25} __llmenv_value=${__llmenv_value//$'\t'/%09}
      __llmenv_value=${__llmenv_value//$'\n'/%0A} __llmenv_value=${__llmenv_value//$'\r'/%0D}
      ;;
  esac
}

# No answer, or one that cannot be applied. In the same directory everything stays; elsewhere nothing of the last
# directory's account may remain. $1 is the status, $2 says that this is a shell's start.
__llmenv_failed() {
  local __llmenv_text='the daemon does not answer' __llmenv_i __llmenv_name __llmenv_left=
  # Not asked again before the directory, a variable or the generation changes.
  __llmenv_generation=$__llmenv_now __llmenv_retry=0
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]} __llmenv_seen[__llmenv_i]=${!__llmenv_name-}
  done
  case $1 in
    # A name is read-only: that was said.
    1) __llmenv_text= ;;
    # Not for this user (`sudo -E`), or the hook is of an older version than the program.
    2) __llmenv_text= ;;
    3) __llmenv_text='no daemon runs and none could be started' __llmenv_retry=$((${SECONDS-0} + 10)) ;;
    126 | 127) __llmenv_text="the program is not at $__llmenv_program any more" ;;
  esac
  case $__llmenv_reason in
    shell | off) ;;
    *) if [[ -n ${2-} ]] || ! [ "${PWD-}" = "$__llmenv_pwd" ]; then __llmenv_left='on leaving its directory'; fi ;;
  esac
  if [[ $__llmenv_changed == lease ]]; then __llmenv_left='as its time is over' __llmenv_lease=0; fi
  # A child of the shell that was in this very directory goes on with what it inherited.
  [[ $1 -eq 1 || -z ${2-} ]] || __llmenv_left=
  if [[ -n $__llmenv_left && $__llmenv_count -gt 0 ]]; then
    [[ -z $__llmenv_text ]] || __llmenv_say "$__llmenv_text, so \`$__llmenv_profile\` was taken out of this shell $__llmenv_left"
    __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t'"$__llmenv_generation" || :
  elif [[ -n $__llmenv_text && $__llmenv_told != "$1" ]]; then
    __llmenv_say "$__llmenv_text; \`llmenv daemon status\` says more"
  fi
  __llmenv_told=$1
}

__llmenv_say() { builtin printf 'llmenv: %s\n' "$1" >&2; }

# llmenv use, off, allow, deny, lock, unlock: done by the program, applied here before this returns.
__llmenv_choose() {
  local __llmenv_was_traced= __llmenv_out= __llmenv_code=0 __llmenv_before __llmenv_choice __llmenv_why=prompt
  local __llmenv_differ=
  local -a __llmenv_fields
  case $- in *x*) { builtin set +x; } 2>/dev/null; __llmenv_was_traced=1 __llmenv_traced=x ;; esac
  __llmenv_busy=1
  [[ -z $__llmenv_pending ]] || __llmenv_commit
  if [[ -n $__llmenv_first ]]; then
    local __llmenv_now= __llmenv_changed=
    __llmenv_start
  fi
  __llmenv_describe
  __llmenv_name_choice
  __llmenv_before=$__llmenv_choice
  case $1 in use | off) __llmenv_why=choose ;; esac
  __llmenv_out=$("$__llmenv_program" hook apply "why=choose" "previous=$__llmenv_previous" "${__llmenv_fields[@]}" "changed=$__llmenv_differ" -- "$@") ||
    __llmenv_code=$?
  if [[ $__llmenv_code -eq 0 && -n $__llmenv_out ]]; then
    __llmenv_apply "$__llmenv_why" "$__llmenv_out" || __llmenv_code=1
    __llmenv_name_choice
    [[ $__llmenv_choice == "$__llmenv_before" ]] || __llmenv_previous=$__llmenv_before
    __llmenv_pwd=${PWD-} __llmenv_retry=0
  fi
  __llmenv_settle
  __llmenv_busy= __llmenv_traced=
  [[ -z $__llmenv_was_traced ]] || builtin set -x
  return $__llmenv_code
}

# What `llmenv use -` would go back to from another choice.
__llmenv_name_choice() {
  case $__llmenv_reason in
    shell) __llmenv_choice="use $__llmenv_profile" ;;
    off) __llmenv_choice=off ;;
    *) __llmenv_choice=auto ;;
  esac
}

# The first prompt: what was inherited is looked at, kept or dropped, before anything runs.
__llmenv_start() {
  local __llmenv_from= __llmenv_code=0
  __llmenv_first=
  __llmenv_inherit
  __llmenv_ask start ${__llmenv_from:+"from=$__llmenv_from"} && return 0
  __llmenv_code=$?
  # Without an answer only a choice of the shell right above this one is known to be meant here.
  if [[ $__llmenv_code -ne 1 && $__llmenv_count -gt 0 ]]; then
    case ${__llmenv_from%%.*} in
      "$PPID" | "$$") ;;
      *) __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t' || : ;;
    esac
  fi
  __llmenv_failed $__llmenv_code start
}

# Takes what LLMENV_STATE says for this shell's own, and sets __llmenv_from to the shell that wrote it.
__llmenv_inherit() {
  local __llmenv_rest=${LLMENV_STATE-} __llmenv_all= __llmenv_name= LC_ALL=C
  if [[ $__llmenv_rest == 1:*:*:*:*:* ]]; then
    __llmenv_rest=${__llmenv_rest#1:} __llmenv_from=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_reason=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_lease=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_mark=${__llmenv_rest%%:*}
    __llmenv_all=${__llmenv_rest#*:}, __llmenv_profile=${LLMENV_PROFILE-}
    case $__llmenv_mark in -) __llmenv_mark= ;; esac
    case $__llmenv_lease in *[!0-9]* | '' | ????????????????*) __llmenv_lease=0 ;; esac
    while [[ -n $__llmenv_all ]]; do
      __llmenv_name=${__llmenv_all%%,*} __llmenv_all=${__llmenv_all#*,}
      __llmenv_is_allowed "$__llmenv_name" || continue
      # Inherited names are llmenv's; before it there was nothing.
      __llmenv_names[__llmenv_count]=$__llmenv_name __llmenv_values[__llmenv_count]=${!__llmenv_name+=}${!__llmenv_name-}
      __llmenv_seen[__llmenv_count]=${!__llmenv_name-} __llmenv_olds[__llmenv_count]=unset
      __llmenv_count=$((__llmenv_count + 1))
    done
  fi
}

# Names that steer a shell, a loader or an interpreter are refused here too, whoever sends them.
__llmenv_is_allowed() {
  case $1 in
    '' | [!A-Za-z_]* | *[!A-Za-z0-9_]*) return 1 ;;
    LLMENV_TOKEN) return 0 ;;
    PATH | HOME | USER | LOGNAME | SHELL | ENV | IFS | CDPATH | SHELLOPTS | PWD | OLDPWD | TERM | TMPDIR | _) return 1 ;;
    UID | EUID | PPID | SECONDS | RANDOM | REPLY | HISTFILE | INPUTRC | MAILPATH | FPATH | ZDOTDIR) return 1 ;;
    PS* | PROMPT* | EDITOR | VISUAL | *PAGER | BROWSER | LESSOPEN | LESSCLOSE | NODE_* | RUBYOPT | RUBYLIB) return 1 ;;
    LD_* | DYLD_* | BASH_* | BASHOPTS | PYTHON* | PERL5* | GIT_* | XDG_* | CARGO_* | LLMENV_* | __llmenv_*) return 1 ;;
  esac
}

# Applies an answer as one piece, or changes nothing: 1 where a name is read-only, 4 where the answer is none.
__llmenv_apply() {
  if [[ -z ${__llmenv_differ-} ]]; then
    local __llmenv_differ=
    local -a __llmenv_fields
    __llmenv_describe
  fi
  __llmenv_plan "$1" "$2" || return
  [[ -z $__llmenv_pending ]] || __llmenv_commit
}

# Reads an answer and works out what is to be done. $1 says why, $2 is the answer. __llmenv_next_* is this shell's state to
# be, and __llmenv_do_* is what leads there: names that are taken away, assignments that are exported or not.
__llmenv_plan() {
  local LC_ALL=C IFS=, __llmenv_why=$1 __llmenv_line= __llmenv_name= __llmenv_value= __llmenv_ended= __llmenv_effect= __llmenv_end=
  local __llmenv_r= __llmenv_p= __llmenv_l=0 __llmenv_m= __llmenv_same= __llmenv_yours=, __llmenv_later=, __llmenv_at= __llmenv_old=
  local __llmenv_list=",${__llmenv_names[*]-}," __llmenv_want= __llmenv_seen_now= __llmenv_i=0 __llmenv_new=0 __llmenv_refused=
  # Counted, since under `set -u` an array without a value has no length either.
  local -a __llmenv_says __llmenv_parts __llmenv_absent
  local -i __llmenv_said=0 __llmenv_missing=0 __llmenv_going=10000
  # No variable may hold what a terminal would obey.
  case $2 in *[$'\001'-$'\010'$'\013'-$'\037'$'\177']*) return 4 ;; esac
  builtin unset -v __llmenv_next_names __llmenv_next_values __llmenv_next_seen __llmenv_next_olds \
    __llmenv_do_unset __llmenv_do_export __llmenv_do_set
  __llmenv_split $'\n' "$2"
  for __llmenv_line in ${__llmenv_parts[@]+"${__llmenv_parts[@]}"}; do
    # Half an answer is none, and what follows its end is no part of it.
    [[ -z $__llmenv_ended ]] || break
    case $__llmenv_line in
      unset$'\t'*)
        __llmenv_name=${__llmenv_line#*$'\t'} __llmenv_want=
        [[ $__llmenv_effect == apply ]] || return 4
        [[ ${__llmenv_fine[1]} == *",$__llmenv_name,"* ]] || __llmenv_take_for_fine || return 4
        # Nothing there and nothing wanted: nothing to keep in mind.
        [[ -z ${!__llmenv_name+set} && $__llmenv_list != *",$__llmenv_name,"* ]] || __llmenv_plan_present
        ;;
      set$'\t'*$'\t'*)
        __llmenv_value=${__llmenv_line#*$'\t'} __llmenv_name=${__llmenv_value%%$'\t'*} __llmenv_want==${__llmenv_value#*$'\t'}
        [[ $__llmenv_effect == apply ]] || return 4
        [[ ${__llmenv_fine[1]} == *",$__llmenv_name,"* ]] || __llmenv_take_for_fine || return 4
        if [[ -n ${!__llmenv_name+set} || $__llmenv_list == *",$__llmenv_name,"* ]]; then
          __llmenv_plan_present
        else
          # Most of the time nothing was there.
          __llmenv_next_names[__llmenv_new]=$__llmenv_name __llmenv_next_values[__llmenv_new]=$__llmenv_want \
            __llmenv_next_seen[__llmenv_new]=${__llmenv_want#=} __llmenv_next_olds[__llmenv_new]=unset \
            __llmenv_absent[__llmenv_missing]=$__llmenv_name __llmenv_do_export[__llmenv_new]=$__llmenv_name$__llmenv_want \
            __llmenv_later=$__llmenv_later$__llmenv_name, __llmenv_new=$((__llmenv_new + 1)) __llmenv_missing+=1
        fi
        ;;
      state$'\t'*)
        builtin unset -v __llmenv_parts
        __llmenv_split $'\t' "$__llmenv_line"
        [[ ${#__llmenv_parts[@]} -eq 6 && -z $__llmenv_effect ]] || return 4
        __llmenv_effect=${__llmenv_parts[1]} __llmenv_r=${__llmenv_parts[2]} __llmenv_p=${__llmenv_parts[3]}
        __llmenv_l=${__llmenv_parts[4]} __llmenv_m=${__llmenv_parts[5]}
        case $__llmenv_p in -) __llmenv_p= ;; esac
        case $__llmenv_m in -) __llmenv_m= ;; esac
        # Numbers are compared as such later: nothing else may get there.
        case $__llmenv_l in *[!0-9]* | '' | ????????????????*) return 4 ;; esac
        if [[ $__llmenv_p == "$__llmenv_profile" && $__llmenv_why != choose ]]; then __llmenv_same=1; fi
        ;;
      yours$'\t'*) __llmenv_yours=$__llmenv_yours${__llmenv_line#*$'\t'}, ;;
      say$'\t'*) __llmenv_says[__llmenv_said]=${__llmenv_line#*$'\t'} __llmenv_said+=1 ;;
      pipes$'\t'/*) __llmenv_pipes[1]=${__llmenv_line#*$'\t'} ;;
      shell$'\t'*)
        __llmenv_line=${__llmenv_line#*$'\t'}
        case $__llmenv_line in
          "$__llmenv_id") ;;
          "$$".*[!0-9]* | "$$".) return 4 ;;
          "$$".*) __llmenv_id=$__llmenv_line __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_line ;;
        esac
        ;;
      end$'\t'*) __llmenv_end=${__llmenv_line#*$'\t'} __llmenv_ended=1 ;;
      *) return 4 ;;
    esac
  done
  [[ -n $__llmenv_ended && -n $__llmenv_effect ]] || return 4
  if [[ $__llmenv_effect != apply ]]; then
    __llmenv_say_all
    return 0
  fi
  [[ $__llmenv_count -eq 0 ]] || __llmenv_plan_back

  # Read-only names are looked for before anything changes: half a pair would send one account's key to another's host.
  # Taking away what is not there tells of those that were declared without a value.
  if [[ -z $__llmenv_refused ]] && ! builtin unset -v ${__llmenv_absent[@]+"${__llmenv_absent[@]}"} 2>/dev/null; then
    for __llmenv_refused in ${__llmenv_absent[@]+"${__llmenv_absent[@]}"}; do
      builtin unset -v "$__llmenv_refused" 2>/dev/null || break
    done
  fi
  if [[ -n $__llmenv_refused ]]; then
    # What the user made of an inherited name is not llmenv's to take back either.
    for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
      [[ $__llmenv_yours != *",${__llmenv_names[__llmenv_i]},"* ]] || __llmenv_values[__llmenv_i]=theirs
    done
    __llmenv_say "$__llmenv_refused is read-only in this shell, so nothing was changed; start a new shell without \`readonly $__llmenv_refused\`"
    __llmenv_generation=$__llmenv_end
    return 1
  fi
  __llmenv_say_all
  __llmenv_next_state[0]=$__llmenv_r __llmenv_next_state[1]=$__llmenv_p __llmenv_next_state[2]=$__llmenv_l \
    __llmenv_next_state[3]=$__llmenv_m __llmenv_next_state[4]=${__llmenv_end:-$__llmenv_generation} \
    __llmenv_next_state[5]="${__llmenv_next_names[*]-}" __llmenv_next_count=$__llmenv_new
  # From here on nothing can fail, and what Ctrl-C cuts short is done again at the next prompt.
  __llmenv_pending=1 __llmenv_restless=1
}

# Names found fit are remembered: the same come again and again.
__llmenv_take_for_fine() {
  __llmenv_is_allowed "$__llmenv_name" || return
  [[ ${#__llmenv_fine[1]} -lt 8192 ]] || __llmenv_fine[1]=,
  __llmenv_fine[1]=${__llmenv_fine[1]}$__llmenv_name,
}

# One name of an answer that is set in this shell, or that llmenv holds.
__llmenv_plan_present() {
  __llmenv_at= __llmenv_seen_now=${__llmenv_want#=}
  if [[ $__llmenv_list == *",$__llmenv_name,"* && $__llmenv_yours != *",$__llmenv_name,"* ]]; then
    for ((__llmenv_at = 0; __llmenv_at < __llmenv_count; __llmenv_at++)); do
      [ "${__llmenv_names[__llmenv_at]}" = "$__llmenv_name" ] && break
    done
  fi
  if [[ -n $__llmenv_at && $__llmenv_differ != *",$__llmenv_name,"* ]]; then
    __llmenv_old=${__llmenv_olds[__llmenv_at]}
  elif [[ -n $__llmenv_at && -n $__llmenv_same ]]; then
    # Changed by hand while the profile stays: it is the user's until something is chosen.
    __llmenv_next_names[__llmenv_new]=$__llmenv_name __llmenv_next_values[__llmenv_new]=${__llmenv_values[__llmenv_at]} \
      __llmenv_next_seen[__llmenv_new]=${!__llmenv_name-} __llmenv_next_olds[__llmenv_new]=${__llmenv_olds[__llmenv_at]} \
      __llmenv_later=$__llmenv_later$__llmenv_name, __llmenv_new=$((__llmenv_new + 1))
    return 0
  elif [[ -z ${!__llmenv_name+set} ]]; then
    __llmenv_old=unset
  elif __llmenv_is_exported "$__llmenv_name"; then
    __llmenv_old=exported=${!__llmenv_name}
  else
    __llmenv_old=set=${!__llmenv_name}
  fi
  # What stays as it is is never taken away.
  if [ "${!__llmenv_name+=}${!__llmenv_name-}" != "$__llmenv_want" ]; then __llmenv_plan_unset; fi
  [[ -z $__llmenv_want ]] || __llmenv_do_export[__llmenv_new]=$__llmenv_name$__llmenv_want
  __llmenv_next_names[__llmenv_new]=$__llmenv_name __llmenv_next_values[__llmenv_new]=$__llmenv_want \
    __llmenv_next_seen[__llmenv_new]=$__llmenv_seen_now __llmenv_next_olds[__llmenv_new]=$__llmenv_old \
    __llmenv_later=$__llmenv_later$__llmenv_name, __llmenv_new=$((__llmenv_new + 1))
}

# Which of the names that llmenv holds get back what they held before.
__llmenv_plan_back() {
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]}
    if [[ $__llmenv_later$__llmenv_yours$__llmenv_differ != *",$__llmenv_name,"* ]]; then
      __llmenv_plan_unset
      __llmenv_old=${__llmenv_olds[__llmenv_i]}
      case $__llmenv_old in
        exported=*) __llmenv_do_export[__llmenv_new + __llmenv_i]=$__llmenv_name=${__llmenv_old#*=} ;;
        set=*) __llmenv_do_set[__llmenv_i]=$__llmenv_name=${__llmenv_old#*=} ;;
      esac
    fi
  done
}

# Keys come last in an answer and are to go first.
__llmenv_plan_unset() {
  if [[ -z ${!__llmenv_name+set} ]]; then
    __llmenv_absent[__llmenv_missing]=$__llmenv_name __llmenv_missing+=1
  else
    __llmenv_is_fixed "$__llmenv_name" && __llmenv_refused=$__llmenv_name
    __llmenv_do_unset[__llmenv_going]=$__llmenv_name __llmenv_going+=-1
  fi
}

__llmenv_say_all() {
  for __llmenv_line in ${__llmenv_says[@]+"${__llmenv_says[@]}"}; do __llmenv_say "$__llmenv_line"; done
}

# Does what was planned. May be cut short anywhere and done again: it reads the plan alone.
__llmenv_commit() {
  local -i __llmenv_i
  builtin unset -v ${__llmenv_do_unset[@]+"${__llmenv_do_unset[@]}"}
  # Without a name it would print all there are.
  [[ -z ${__llmenv_do_export[@]+set} ]] || builtin export "${__llmenv_do_export[@]}"
  # `-n` because of `set -a`.
  [[ -z ${__llmenv_do_set[@]+set} ]] || builtin export -n "${__llmenv_do_set[@]}"
  builtin unset -v __llmenv_names __llmenv_values __llmenv_seen __llmenv_olds
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_next_count; __llmenv_i++)); do
    __llmenv_names[__llmenv_i]=${__llmenv_next_names[__llmenv_i]} __llmenv_values[__llmenv_i]=${__llmenv_next_values[__llmenv_i]} \
      __llmenv_seen[__llmenv_i]=${__llmenv_next_seen[__llmenv_i]} __llmenv_olds[__llmenv_i]=${__llmenv_next_olds[__llmenv_i]}
  done
  __llmenv_count=$__llmenv_next_count __llmenv_reason=${__llmenv_next_state[0]} __llmenv_profile=${__llmenv_next_state[1]} \
    __llmenv_lease=${__llmenv_next_state[2]} __llmenv_mark=${__llmenv_next_state[3]} __llmenv_generation=${__llmenv_next_state[4]}
  if [[ -n $__llmenv_profile ]]; then builtin export "LLMENV_PROFILE=$__llmenv_profile"; else builtin unset -v LLMENV_PROFILE; fi
  case $__llmenv_reason:${__llmenv_next_state[5]} in
    none:) builtin unset -v LLMENV_STATE ;;
    *) builtin export "LLMENV_STATE=1:$__llmenv_id:$__llmenv_reason:$__llmenv_lease:${__llmenv_mark:--}:${__llmenv_next_state[5]}" ;;
  esac
  __llmenv_pending=
}

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
  # Fills __llmenv_parts, which its caller has emptied: done here, that would take away the caller's own variable.
  __llmenv_split() {
    local IFS=$1 __llmenv_part=
    local -i __llmenv_n=0
    # No text is to be taken for a pattern of files. Undone on return, and by Ctrl-C.
    local -
    builtin set -f
    for __llmenv_part in $2; do __llmenv_parts[__llmenv_n]=$__llmenv_part __llmenv_n+=1; done
  }
  __llmenv_is_exported() { [[ ${!1@a} == *x* ]]; }
  __llmenv_is_fixed() { [[ ${!1@a} == *r* ]]; }
else
  __llmenv_split() {
    local __llmenv_rest=$2
    local -i __llmenv_n=0
    while [[ -n $__llmenv_rest ]]; do
      [[ -z ${__llmenv_rest%%"$1"*} ]] || __llmenv_parts[__llmenv_n]=${__llmenv_rest%%"$1"*} __llmenv_n+=1
      case $__llmenv_rest in *"$1"*) __llmenv_rest=${__llmenv_rest#*"$1"} ;; *) __llmenv_rest= ;; esac
    done
  }
  __llmenv_is_exported() {
    local __llmenv_shown=
    __llmenv_shown=$(builtin declare -p "$1" 2>/dev/null) || :
    __llmenv_shown=${__llmenv_shown#declare -}
    [[ ${__llmenv_shown%% *} == *x* ]]
  }
  # Assigning a variable its own value fails where it is read-only, and starts no process.
  __llmenv_is_fixed() { ! builtin printf -v "$1" %s "${!1}" 2>/dev/null; }
fi

# Last, so that what direnv and others set before it is seen. Called again with each loading: a start-up file that is read
# twice may have written PROMPT_COMMAND anew.
__llmenv_register() {
  local __llmenv_i
  # VS Code and starship keep what they found and run it themselves.
  case "${PROMPT_COMMAND[*]-} ${__vsc_original_prompt_command[*]-} ${STARSHIP_PROMPT_COMMAND-}" in
    *__llmenv_prompt*) return 0 ;;
  esac
  # bash 5.1 and later run all of an array, earlier ones its first element.
  if [[ -n ${PROMPT_COMMAND+set} && ${#PROMPT_COMMAND[@]} -gt 1 ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    for __llmenv_i in "${!PROMPT_COMMAND[@]}"; do :; done
    PROMPT_COMMAND[__llmenv_i + 1]=__llmenv_prompt
  else
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__llmenv_prompt
  fi
}

__llmenv_load() {
  local __llmenv_text= __llmenv_i
  __llmenv_register
  [[ ${__llmenv_loaded[1]-} != "$$" ]] || return 0
  __llmenv_busy= __llmenv_first=1 __llmenv_pwd= __llmenv_generation= __llmenv_retry=0 __llmenv_told= __llmenv_pending= __llmenv_traced=
  __llmenv_reason=none __llmenv_profile= __llmenv_lease=0 __llmenv_mark= __llmenv_previous=auto __llmenv_signals=0
  # Whether pipes are of use here: `read -N` counts for it. Then where they are.
  builtin unset -v __llmenv_pipes __llmenv_fine __llmenv_settled __llmenv_names __llmenv_values __llmenv_seen __llmenv_olds __llmenv_loaded
  __llmenv_pipes[0]=0 __llmenv_fine[1]=,
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 401)); then __llmenv_pipes[0]=1; fi
  __llmenv_restless=1 __llmenv_watched=/dev/null __llmenv_found=
  __llmenv_half_1=__llmenv_none __llmenv_half_2=__llmenv_none __llmenv_half_3=__llmenv_none
  __llmenv_half_4=__llmenv_none __llmenv_half_5=__llmenv_none __llmenv_half_6=__llmenv_none
  __llmenv_count=0 __llmenv_next_count=0
  # Linux tells a process' start time in the 22nd field of this file; elsewhere the program finds it out.
  __llmenv_id=$$.0
  if { IFS= builtin read -r __llmenv_text </proc/$$/stat; } 2>/dev/null; then
    __llmenv_text=${__llmenv_text##*) }
    for ((__llmenv_i = 0; __llmenv_i < 19; __llmenv_i++)); do __llmenv_text=${__llmenv_text#* }; done
    __llmenv_id=$$.${__llmenv_text%% *}
  fi
  __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_id
  # SIGURG is ignored by every shell without a handler, so a daemon that remembers a dead shell harms nobody.
  __llmenv_text=$(builtin trap -p URG)
  case $__llmenv_text in
    '' | *__llmenv_push*)
      # Handing `$_` through leaves it as it was.
      builtin trap '__llmenv_push "$_"' URG
      __llmenv_signals=1
      ;;
  esac
  # Not a plain variable: those can be inherited.
  __llmenv_loaded[1]=$$
}

# With `init bash --debug-trap`: a directory entered in the middle of a line counts for the next command of that line.
__llmenv_at_cd() {
  local __llmenv_status=$?
  if [[ -z $__llmenv_first && -z $__llmenv_busy ]] && ! [ "${PWD-}" = "$__llmenv_pwd" ]; then __llmenv_prompt; fi
  return $__llmenv_status
}

case $- in
  *i*) [[ ${LLMENV_HOOK-} == 0 ]] || __llmenv_load ;;
  *) [[ ${LLMENV_HOOK-} != 1 ]] || __llmenv_load ;;
esac
# Not within a function: there bash hides a DEBUG trap that stands outside.
if [[ __LLMENV_DEBUG_TRAP__ == 1 && ${__llmenv_loaded[1]-} == "$$" ]]; then
  __llmenv_text=$(builtin trap -p DEBUG)
  case $__llmenv_text in
    *__llmenv_at_cd*) ;;
    # With `extdebug` a status other than 0 would skip the command.
    '') builtin trap '__llmenv_at_cd "$_"; : "$_"' DEBUG ;;
    *)
      # bash prints `trap -- '…' DEBUG`, quoted for reading back: what the user had runs as before, with its own `$?`.
      __llmenv_text=${__llmenv_text#trap -- } __llmenv_text=${__llmenv_text% DEBUG}
      builtin eval "builtin trap -- '__llmenv_at_cd \"\$_\";'$__llmenv_text DEBUG"
      ;;
  esac
fi
[[ -z $__llmenv_aliases ]] || builtin shopt -s expand_aliases
