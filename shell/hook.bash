# llmenv for bash 3.2 and later. Printed by `llmenv init bash`; see README, "Shells".
#
# This shell owns its state. What comes from the daemon is data: lines that are checked and assigned, never evaluated.
# Arrays hold what must not reach a child process: bash cannot export them, not even under `set -a`.

__llmenv_program=__LLMENV_PROGRAM__
__llmenv_state_dir=__LLMENV_STATE_DIR__

# One shell function, for what must change this shell; everything else goes to the program.
llmenv() {
  case ${1-} in
    use | off | allow | deny | lock | unlock)
      case " $* " in
        *' --help '* | *' -h '* | *' --json '*) ;;
        *)
          # An agent may have copied this function without the others: then it is the program alone.
          if [[ -n ${__llmenv_id-} && ${LLMENV_HOOK-} != 0 ]] && declare -F __llmenv_choose >/dev/null; then
            __llmenv_choose "$@"
            return
          fi
          ;;
      esac
      ;;
  esac
  command llmenv "$@"
}

# Prompt: nothing changed is the usual case and takes a read and a few comparisons, no process.
__llmenv_prompt() {
  local __llmenv_status=$?
  [[ ${LLMENV_HOOK-} == 0 ]] && return $__llmenv_status
  # A traced comparison would print the key. `set +x` itself goes unseen.
  case $- in
    *x*)
      { set +x; } 2>/dev/null
      __llmenv_look
      set -x
      ;;
    *) __llmenv_look ;;
  esac
  return $__llmenv_status
}

__llmenv_look() {
  local __llmenv_now= __llmenv_i __llmenv_name __llmenv_changed=
  { IFS= read -r __llmenv_now <"$__llmenv_file"; } 2>/dev/null || :
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]}
    [[ ${!__llmenv_name-} == "${__llmenv_seen[__llmenv_i]}" ]] || __llmenv_changed=1
  done
  if [[ -z $__llmenv_changed && $PWD == "$__llmenv_pwd" && -z $__llmenv_first ]]; then
    if [[ $__llmenv_now == "$__llmenv_generation" ]]; then
      [[ $__llmenv_retry -eq 0 || $SECONDS -lt $__llmenv_retry ]] && return 0
    fi
    [[ $__llmenv_silent == "$__llmenv_now" ]] && return 0
  fi
  __llmenv_busy=1
  if [[ -n $__llmenv_first ]]; then
    __llmenv_start
  else
    __llmenv_ask prompt || __llmenv_failed $?
  fi
  __llmenv_pwd=$PWD __llmenv_busy=
  return 0
}

# The daemon's signal: the applied profile has new values, and the command just typed is to see them.
__llmenv_push() {
  [[ -z $__llmenv_busy && -z $__llmenv_first && $__llmenv_count -gt 0 ]] || return 0
  local __llmenv_traced= __llmenv_now=
  case $- in *x*) { set +x; } 2>/dev/null; __llmenv_traced=1 ;; esac
  __llmenv_busy=1
  { IFS= read -r __llmenv_now <"$__llmenv_file"; } 2>/dev/null || :
  [[ $__llmenv_now == "$__llmenv_generation" ]] || __llmenv_ask push || :
  __llmenv_busy=
  [[ -z $__llmenv_traced ]] || set -x
  return 0
}

# What the program is told of this shell. Values go through the environment, never over a command line.
__llmenv_describe() {
  local __llmenv_i __llmenv_name __llmenv_list= __llmenv_differ=
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]}
    __llmenv_list=$__llmenv_list,$__llmenv_name
    __llmenv_is_ours || __llmenv_differ=$__llmenv_differ,$__llmenv_name
  done
  __llmenv_fields=(shell=bash "pid=$$" "start=${__llmenv_id#*.}" "reason=$__llmenv_reason" "profile=${__llmenv_profile:--}"
    "lease=$__llmenv_lease" "mark=${__llmenv_mark:--}" "signals=$__llmenv_signals" "names=${__llmenv_list#,}"
    "changed=${__llmenv_differ#,}")
}

# Whether the variable number __llmenv_i still holds what was applied.
__llmenv_is_ours() {
  local __llmenv_name=${__llmenv_names[__llmenv_i]}
  if [[ ${__llmenv_kinds[__llmenv_i]} == unset ]]; then
    [[ -z ${!__llmenv_name+set} ]]
  else
    [[ -n ${!__llmenv_name+set} && ${!__llmenv_name} == "${__llmenv_values[__llmenv_i]}" ]]
  fi
}

__llmenv_ask() {
  local __llmenv_spawn=0 __llmenv_out= __llmenv_code=0
  local -a __llmenv_fields
  if [[ $SECONDS -ge $__llmenv_retry ]]; then __llmenv_spawn=1; fi
  __llmenv_describe
  __llmenv_out=$("$__llmenv_program" hook prompt "why=$1" "spawn=$__llmenv_spawn" "${__llmenv_fields[@]}" "${@:2}" 2>/dev/null) ||
    __llmenv_code=$?
  [[ $__llmenv_code -eq 0 ]] || return $__llmenv_code
  __llmenv_retry=0 __llmenv_silent=none
  __llmenv_apply "$1" "$__llmenv_out"
}

# No answer. In the same directory everything stays; elsewhere nothing of the last directory's account may remain.
__llmenv_failed() {
  local __llmenv_now=
  { IFS= read -r __llmenv_now <"$__llmenv_file"; } 2>/dev/null || :
  if [[ $1 -eq 5 ]]; then
    __llmenv_generation=$__llmenv_now
    return 0
  fi
  __llmenv_silent=$__llmenv_now
  local __llmenv_text='the daemon does not answer'
  if [[ $1 -eq 3 ]]; then
    if [[ $__llmenv_retry -eq 0 || $SECONDS -ge $__llmenv_retry ]]; then
      __llmenv_retry=$((SECONDS + 10))
    fi
    __llmenv_text='no daemon runs and none could be started'
  fi
  [[ $PWD == "$__llmenv_pwd" ]] && return 0
  case $__llmenv_reason in
    shell | off) return 0 ;;
  esac
  if [[ $__llmenv_count -gt 0 ]]; then
    __llmenv_say "$__llmenv_text, so \`$__llmenv_profile\` was taken out of this shell on leaving its directory"
    __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t'"$__llmenv_generation"
  elif [[ $1 -ne 3 || $__llmenv_told != "$1" ]]; then
    __llmenv_say "$__llmenv_text; \`llmenv daemon status\` says more"
  fi
  __llmenv_told=$1
}

__llmenv_say() { builtin printf 'llmenv: %s\n' "$1" >&2; }

# llmenv use, off, allow, deny, lock, unlock: done by the program, applied here before this returns.
__llmenv_choose() {
  local __llmenv_traced= __llmenv_out= __llmenv_code=0 __llmenv_before=auto
  local -a __llmenv_fields
  case $- in *x*) { set +x; } 2>/dev/null; __llmenv_traced=1 ;; esac
  __llmenv_busy=1
  [[ -z $__llmenv_first ]] || __llmenv_start
  __llmenv_describe
  case $__llmenv_reason in
    shell) __llmenv_before="use $__llmenv_profile" ;;
    off) __llmenv_before=off ;;
  esac
  __llmenv_out=$("$__llmenv_program" hook apply why=choose "previous=$__llmenv_previous" "${__llmenv_fields[@]}" -- "$@") ||
    __llmenv_code=$?
  if [[ $__llmenv_code -eq 0 && -n $__llmenv_out ]]; then
    __llmenv_apply choose "$__llmenv_out" || __llmenv_code=1
    [[ $__llmenv_code -ne 0 || $1 != use && $1 != off ]] || __llmenv_previous=$__llmenv_before
    __llmenv_pwd=$PWD __llmenv_retry=0 __llmenv_silent=none
  fi
  __llmenv_busy=
  [[ -z $__llmenv_traced ]] || set -x
  return $__llmenv_code
}

# The first prompt: what was inherited is looked at, kept or dropped, before anything runs.
__llmenv_start() {
  local __llmenv_rest=${LLMENV_STATE-} __llmenv_from= __llmenv_code=0 __llmenv_all __llmenv_name
  __llmenv_first=
  if [[ $__llmenv_rest == 1:*:*:*:*:* ]]; then
    __llmenv_rest=${__llmenv_rest#1:} __llmenv_from=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_reason=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_lease=${__llmenv_rest%%:*}
    __llmenv_rest=${__llmenv_rest#*:} __llmenv_mark=${__llmenv_rest%%:*}
    __llmenv_all=${__llmenv_rest#*:}, __llmenv_profile=${LLMENV_PROFILE-}
    case $__llmenv_mark in -) __llmenv_mark= ;; esac
    case $__llmenv_lease in *[!0-9]* | '') __llmenv_lease=0 ;; esac
    while [[ -n $__llmenv_all ]]; do
      __llmenv_name=${__llmenv_all%%,*} __llmenv_all=${__llmenv_all#*,}
      __llmenv_is_allowed "$__llmenv_name" || continue
      # Inherited names are llmenv's; before it there was nothing.
      __llmenv_names[__llmenv_count]=$__llmenv_name
      if [[ -n ${!__llmenv_name+set} ]]; then __llmenv_kinds[__llmenv_count]=set; else __llmenv_kinds[__llmenv_count]=unset; fi
      __llmenv_values[__llmenv_count]=${!__llmenv_name-}
      __llmenv_seen[__llmenv_count]=${!__llmenv_name-}
      __llmenv_flags[__llmenv_count]=unset __llmenv_olds[__llmenv_count]=
      __llmenv_count=$((__llmenv_count + 1))
    done
  fi
  __llmenv_ask start ${__llmenv_from:+"from=$__llmenv_from"} && return 0
  __llmenv_code=$?
  __llmenv_pwd=$PWD
  # Without an answer only a choice of the shell right above this one is known to be meant here.
  if [[ $__llmenv_count -gt 0 && ${__llmenv_from%%.*} != "$PPID" && ${__llmenv_from%%.*} != "$$" ]]; then
    __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t'
  fi
  __llmenv_failed $__llmenv_code
}

# Names that steer a shell, a loader or an interpreter are refused here too, whoever sends them.
__llmenv_is_allowed() {
  case $1 in
    '' | [!A-Za-z_]* | *[!A-Za-z0-9_]*) return 1 ;;
    PATH | HOME | IFS | ENV | SHELL | PWD | OLDPWD | TERM | USER | UID | EUID | PPID | CDPATH | SHELLOPTS | _) return 1 ;;
    PS[0-9] | PROMPT_COMMAND | EDITOR | VISUAL | PAGER | NODE_OPTIONS | RUBYOPT | SECONDS | RANDOM | REPLY) return 1 ;;
    LD_* | DYLD_* | BASH* | PYTHON* | PERL5* | GIT_* | XDG_* | LLMENV_* | __llmenv_*) return 1 ;;
  esac
}

# Applies an answer as one piece, or changes nothing and returns 1. $1 says why, $2 is the answer.
__llmenv_apply() {
  local __llmenv_why=$1 __llmenv_rest=$2$'\n' __llmenv_line __llmenv_word __llmenv_name __llmenv_value __llmenv_end=
  local __llmenv_effect= __llmenv_r= __llmenv_p= __llmenv_l=0 __llmenv_m= __llmenv_same= __llmenv_yours=, __llmenv_i __llmenv_j
  local __llmenv_new=0 __llmenv_back=0 __llmenv_at __llmenv_flag __llmenv_state_names=
  local -a __llmenv_n __llmenv_k __llmenv_v __llmenv_f __llmenv_o __llmenv_s __llmenv_todo
  local -a __llmenv_back_n __llmenv_back_f __llmenv_back_o __llmenv_says
  local LC_ALL=C
  while [[ -n $__llmenv_rest ]]; do
    __llmenv_line=${__llmenv_rest%%$'\n'*} __llmenv_rest=${__llmenv_rest#*$'\n'}
    __llmenv_word=${__llmenv_line%%$'\t'*} __llmenv_line=${__llmenv_line#*$'\t'}
    case $__llmenv_word in
      state)
        __llmenv_effect=${__llmenv_line%%$'\t'*} __llmenv_line=${__llmenv_line#*$'\t'}
        __llmenv_r=${__llmenv_line%%$'\t'*} __llmenv_line=${__llmenv_line#*$'\t'}
        __llmenv_p=${__llmenv_line%%$'\t'*} __llmenv_line=${__llmenv_line#*$'\t'}
        __llmenv_l=${__llmenv_line%%$'\t'*} __llmenv_m=${__llmenv_line#*$'\t'}
        case $__llmenv_p in -) __llmenv_p= ;; esac
        case $__llmenv_m in -) __llmenv_m= ;; esac
        ;;
      set | unset)
        __llmenv_name=${__llmenv_line%%$'\t'*} __llmenv_value=
        [[ $__llmenv_word == unset ]] || __llmenv_value=${__llmenv_line#*$'\t'}
        __llmenv_is_allowed "$__llmenv_name" || return 1
        __llmenv_n[__llmenv_new]=$__llmenv_name __llmenv_k[__llmenv_new]=$__llmenv_word
        __llmenv_v[__llmenv_new]=$__llmenv_value __llmenv_new=$((__llmenv_new + 1))
        ;;
      yours) __llmenv_yours=$__llmenv_yours$__llmenv_line, ;;
      say) __llmenv_says[${#__llmenv_says[@]}]=$__llmenv_line ;;
      shell)
        if [[ $__llmenv_line != "$__llmenv_id" && $__llmenv_line == "$$".* ]]; then
          __llmenv_id=$__llmenv_line __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_line
        fi
        ;;
      end) __llmenv_end=$__llmenv_line __llmenv_rest= __llmenv_at=end ;;
    esac
  done
  # Half an answer is none.
  [[ ${__llmenv_at-} == end && -n $__llmenv_effect ]] || return 4
  for ((__llmenv_i = 0; __llmenv_i < ${#__llmenv_says[@]}; __llmenv_i++)); do __llmenv_say "${__llmenv_says[__llmenv_i]}"; done
  [[ $__llmenv_effect == apply ]] || return 0
  [[ $__llmenv_p == "$__llmenv_profile" && $__llmenv_why != choose ]] && __llmenv_same=1

  # What each name was before llmenv, and which names go back.
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_new; __llmenv_i++)); do
    __llmenv_name=${__llmenv_n[__llmenv_i]} __llmenv_todo[__llmenv_i]=1 __llmenv_at=
    for ((__llmenv_j = 0; __llmenv_j < __llmenv_count; __llmenv_j++)); do
      [[ ${__llmenv_names[__llmenv_j]} == "$__llmenv_name" ]] && __llmenv_at=$__llmenv_j && break
    done
    __llmenv_flag=unset __llmenv_value=
    if [[ -n ${!__llmenv_name+set} ]]; then
      __llmenv_value=${!__llmenv_name} __llmenv_flag=set
      __llmenv_is_exported "$__llmenv_name" && __llmenv_flag=exported
    fi
    __llmenv_s[__llmenv_i]=${__llmenv_v[__llmenv_i]}
    if [[ -z $__llmenv_at || $__llmenv_yours == *",$__llmenv_name,"* ]]; then
      __llmenv_f[__llmenv_i]=$__llmenv_flag __llmenv_o[__llmenv_i]=$__llmenv_value
      # Nothing there and nothing wanted: nothing to keep in mind.
      [[ $__llmenv_flag == unset && ${__llmenv_k[__llmenv_i]} == unset && -z $__llmenv_at ]] && __llmenv_todo[__llmenv_i]=
    else
      __llmenv_f[__llmenv_i]=${__llmenv_flags[__llmenv_at]} __llmenv_o[__llmenv_i]=${__llmenv_olds[__llmenv_at]}
      __llmenv_i_saved=$__llmenv_i __llmenv_i=$__llmenv_at
      if ! __llmenv_is_ours; then
        __llmenv_i=$__llmenv_i_saved
        if [[ -n $__llmenv_same ]]; then
          # Changed by hand while the profile stays: it is the user's until something is chosen.
          __llmenv_todo[__llmenv_i]=theirs __llmenv_s[__llmenv_i]=$__llmenv_value
          __llmenv_k[__llmenv_i]=${__llmenv_kinds[__llmenv_at]} __llmenv_v[__llmenv_i]=${__llmenv_values[__llmenv_at]}
        else
          __llmenv_f[__llmenv_i]=$__llmenv_flag __llmenv_o[__llmenv_i]=$__llmenv_value
        fi
      fi
      __llmenv_i=$__llmenv_i_saved
    fi
  done
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_count; __llmenv_i++)); do
    __llmenv_name=${__llmenv_names[__llmenv_i]} __llmenv_at=
    for ((__llmenv_j = 0; __llmenv_j < __llmenv_new; __llmenv_j++)); do
      [[ ${__llmenv_n[__llmenv_j]} == "$__llmenv_name" ]] && __llmenv_at=$__llmenv_j && break
    done
    if [[ -z $__llmenv_at ]] && __llmenv_is_ours; then
      __llmenv_back_n[__llmenv_back]=$__llmenv_name __llmenv_back_f[__llmenv_back]=${__llmenv_flags[__llmenv_i]}
      __llmenv_back_o[__llmenv_back]=${__llmenv_olds[__llmenv_i]} __llmenv_back=$((__llmenv_back + 1))
      if [[ $__llmenv_yours == *",$__llmenv_name,"* ]]; then
        __llmenv_back=$((__llmenv_back - 1))
      fi
    fi
  done

  # Read-only names are looked for before anything changes: half a pair would send one account's key to another's host.
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_new + __llmenv_back; __llmenv_i++)); do
    if ((__llmenv_i < __llmenv_new)); then
      [[ ${__llmenv_todo[__llmenv_i]} == 1 ]] || continue
      __llmenv_name=${__llmenv_n[__llmenv_i]}
    else
      __llmenv_name=${__llmenv_back_n[__llmenv_i - __llmenv_new]}
    fi
    if __llmenv_is_readonly "$__llmenv_name"; then
      __llmenv_say "$__llmenv_name is read-only in this shell, so nothing was changed; start a new shell without \`readonly $__llmenv_name\`"
      __llmenv_generation=$__llmenv_end
      return 1
    fi
  done

  # From here on nothing can fail. Whatever changes is first taken away, so that a break in between leaves no mixed pair.
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_new; __llmenv_i++)); do
    [[ ${__llmenv_todo[__llmenv_i]} == 1 ]] || continue
    __llmenv_name=${__llmenv_n[__llmenv_i]}
    [[ ${!__llmenv_name-} == "${__llmenv_v[__llmenv_i]}" && ${__llmenv_k[__llmenv_i]} == set ]] || builtin unset -v "$__llmenv_name"
  done
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_back; __llmenv_i++)); do builtin unset -v "${__llmenv_back_n[__llmenv_i]}"; done
  __llmenv_count=0 __llmenv_names=() __llmenv_kinds=() __llmenv_values=() __llmenv_seen=() __llmenv_flags=() __llmenv_olds=()
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_new; __llmenv_i++)); do
    [[ -n ${__llmenv_todo[__llmenv_i]} ]] || continue
    __llmenv_names[__llmenv_count]=${__llmenv_n[__llmenv_i]} __llmenv_kinds[__llmenv_count]=${__llmenv_k[__llmenv_i]}
    __llmenv_values[__llmenv_count]=${__llmenv_v[__llmenv_i]} __llmenv_seen[__llmenv_count]=${__llmenv_s[__llmenv_i]}
    __llmenv_flags[__llmenv_count]=${__llmenv_f[__llmenv_i]} __llmenv_olds[__llmenv_count]=${__llmenv_o[__llmenv_i]}
    __llmenv_state_names=$__llmenv_state_names,${__llmenv_n[__llmenv_i]}
    __llmenv_count=$((__llmenv_count + 1))
    if [[ ${__llmenv_todo[__llmenv_i]} == 1 && ${__llmenv_k[__llmenv_i]} == set ]]; then
      builtin export "${__llmenv_n[__llmenv_i]}=${__llmenv_v[__llmenv_i]}"
    fi
  done
  for ((__llmenv_i = 0; __llmenv_i < __llmenv_back; __llmenv_i++)); do
    __llmenv_name=${__llmenv_back_n[__llmenv_i]}
    case ${__llmenv_back_f[__llmenv_i]} in
      exported) builtin export "$__llmenv_name=${__llmenv_back_o[__llmenv_i]}" ;;
      set) builtin printf -v "$__llmenv_name" %s "${__llmenv_back_o[__llmenv_i]}" ;;
    esac
  done
  __llmenv_reason=$__llmenv_r __llmenv_profile=$__llmenv_p __llmenv_lease=$__llmenv_l __llmenv_mark=$__llmenv_m
  [[ -z $__llmenv_end ]] || __llmenv_generation=$__llmenv_end
  if [[ -n $__llmenv_profile ]]; then builtin export "LLMENV_PROFILE=$__llmenv_profile"; else builtin unset -v LLMENV_PROFILE; fi
  case $__llmenv_reason:$__llmenv_state_names in
    none:) builtin unset -v LLMENV_STATE ;;
    *) builtin export "LLMENV_STATE=1:$__llmenv_id:$__llmenv_reason:$__llmenv_lease:${__llmenv_mark:--}:${__llmenv_state_names#,}" ;;
  esac
  return 0
}

if ((BASH_VERSINFO[0] > 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4)); then
  __llmenv_is_exported() { [[ ${!1@a} == *x* ]]; }
else
  __llmenv_is_exported() { [[ $(builtin declare -p "$1" 2>/dev/null) == 'declare -'*([!' '])x* ]]; }
fi

# Assigning a variable its own value fails where it is read-only, and starts no process in any version.
__llmenv_is_readonly() {
  if [[ -n ${!1+set} ]]; then
    ! builtin printf -v "$1" %s "${!1}" 2>/dev/null
  elif builtin printf -v "$1" %s '' 2>/dev/null; then
    builtin unset -v "$1"
    return 1
  fi
}

__llmenv_load() {
  local __llmenv_stat=
  __llmenv_busy= __llmenv_first=1 __llmenv_pwd= __llmenv_generation= __llmenv_retry=0 __llmenv_silent=none __llmenv_told=
  __llmenv_reason=none __llmenv_profile= __llmenv_lease=0 __llmenv_mark= __llmenv_previous=auto __llmenv_signals=0
  __llmenv_count=0 __llmenv_names=() __llmenv_kinds=() __llmenv_values=() __llmenv_seen=() __llmenv_flags=() __llmenv_olds=()
  # Linux tells a process' start time in the 22nd field of this file; elsewhere the program finds it out.
  __llmenv_id=$$.0
  if { IFS= read -r __llmenv_stat </proc/$$/stat; } 2>/dev/null; then
    local __llmenv_i
    __llmenv_stat=${__llmenv_stat##*) }
    for ((__llmenv_i = 0; __llmenv_i < 19; __llmenv_i++)); do __llmenv_stat=${__llmenv_stat#* }; done
    __llmenv_id=$$.${__llmenv_stat%% *}
  fi
  __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_id
  # Last, so that what direnv and others set before it is seen.
  if [[ $(builtin declare -p PROMPT_COMMAND 2>/dev/null) == 'declare -a'* ]]; then
    case " ${PROMPT_COMMAND[*]} " in
      *' __llmenv_prompt '*) ;;
      *) PROMPT_COMMAND[${#PROMPT_COMMAND[@]}]=__llmenv_prompt ;;
    esac
  else
    case ${PROMPT_COMMAND-} in
      *__llmenv_prompt*) ;;
      '') PROMPT_COMMAND=__llmenv_prompt ;;
      *) PROMPT_COMMAND=${PROMPT_COMMAND}$'\n'__llmenv_prompt ;;
    esac
  fi
  # SIGURG is ignored by every shell without a handler, so a daemon that remembers a dead shell harms nobody.
  if [[ -z $(builtin trap -p URG) || $(builtin trap -p URG) == *__llmenv_push* ]]; then
    builtin trap '__llmenv_push' URG
    __llmenv_signals=1
  fi
  if [[ __LLMENV_DEBUG_TRAP__ == 1 ]]; then
    __llmenv_stat=$(builtin trap -p DEBUG)
    case $__llmenv_stat in
      *__llmenv_at_cd*) ;;
      '') builtin trap '__llmenv_at_cd' DEBUG ;;
      *)
        # bash prints `trap -- '…' DEBUG`, quoted for reading back: what the user had runs as before.
        __llmenv_stat=${__llmenv_stat#trap -- } __llmenv_stat=${__llmenv_stat% DEBUG}
        builtin eval "builtin trap -- '__llmenv_at_cd;'$__llmenv_stat DEBUG"
        ;;
    esac
  fi
}

# With `init bash --debug-trap`: a directory entered in the middle of a line counts for the next command of that line.
__llmenv_at_cd() {
  [[ $PWD == "$__llmenv_pwd" || -n $__llmenv_first || -n $__llmenv_busy ]] || __llmenv_prompt
}

case $- in
  *i*) [[ ${LLMENV_HOOK-} == 0 || -n ${__llmenv_busy+loaded} ]] || __llmenv_load ;;
  *) if [[ ${LLMENV_HOOK-} == 1 && -z ${__llmenv_busy+loaded} ]]; then __llmenv_load; fi ;;
esac
