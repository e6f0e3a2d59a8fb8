# llmenv for zsh 5.3 and later. `llmenv init zsh` prints it as one word that zsh reads without aliases; see README, "Shells".
#
# This shell owns its state. What comes from the daemon is data: lines that are checked and assigned, never evaluated.
# Values are held by arrays, which zsh cannot export, not even under `setopt allexport`. Local names have the prefix of
# ours too: a name that is served must never meet a local of the same name. The answer is read in this process; the
# program is run only where no daemon listens.

typeset -g +x __llmenv_program=__LLMENV_PROGRAM__
typeset -g +x __llmenv_state_dir=__LLMENV_STATE_DIR__

# One shell function, for what must change this shell; everything else goes to the program.
llmenv() {
  case ${1-} in
    (use|off|allow|deny|lock|unlock)
      case " ${(j: :)@} " in
        (*' --help '*|*' -h '*|*' --json '*) ;;
        (*)
          # An agent may have copied this function without the others: then it is the program alone.
          if [[ -n ${__llmenv_id-} && ${LLMENV_HOOK-} != 0 ]] && (( ${+functions[__llmenv_choose]} )); then
            __llmenv_choose "$@"
            return
          fi
          ;;
      esac
      ;;
  esac
  command llmenv "$@"
}

# Before a prompt: nothing changed is the usual case and takes a read and a few comparisons, no process.
__llmenv_prompt() {
  emulate -L zsh -o no_xtrace -o no_multibyte
  [[ ${LLMENV_HOOK-} == 0 ]] && return 0
  local __llmenv_now= __llmenv_name __llmenv_value
  if [[ $PWD == "$__llmenv_pwd" && -z $__llmenv_first ]]; then
    [[ -r $__llmenv_file ]] && __llmenv_now=$(<$__llmenv_file)
    for __llmenv_name __llmenv_value in "$__llmenv_watched[@]"; do
      [[ "${(P)__llmenv_name-}" == "$__llmenv_value" ]] || { __llmenv_update prompt; return 0; }
    done
    # Once told, an absent daemon is looked for every ten seconds, a silent one when something changes.
    if (( __llmenv_lease && __llmenv_lease <= EPOCHSECONDS )); then
      :
    elif (( __llmenv_retry )); then
      __llmenv_is_due || [[ $__llmenv_now != "$__llmenv_silent" ]] || return 0
    else
      [[ $__llmenv_now == "$__llmenv_generation" || $__llmenv_now == "$__llmenv_silent" ]] && return 0
    fi
  fi
  __llmenv_update prompt
  return 0
}

# A directory counts for the next command of the same line.
__llmenv_enter() {
  emulate -L zsh -o no_xtrace -o no_multibyte
  [[ -n $__llmenv_first || ${LLMENV_HOOK-} == 0 || $PWD == "$__llmenv_pwd" ]] || __llmenv_update prompt
  return 0
}

# Before a command: it is to see the new values of the profile that the prompt showed. Another profile waits for the
# next prompt.
__llmenv_command() {
  emulate -L zsh -o no_xtrace -o no_multibyte
  [[ -n $__llmenv_first || -z $__llmenv_profile || ${LLMENV_HOOK-} == 0 ]] && return 0
  local __llmenv_now= __llmenv_name __llmenv_value
  [[ -r $__llmenv_file ]] && __llmenv_now=$(<$__llmenv_file)
  if [[ $__llmenv_now == "$__llmenv_generation" || $__llmenv_now == "$__llmenv_silent" ]]; then
    for __llmenv_name __llmenv_value in "$__llmenv_watched[@]"; do
      [[ "${(P)__llmenv_name-}" == "$__llmenv_value" ]] || { __llmenv_update push; return 0; }
    done
    return 0
  fi
  __llmenv_update push
  return 0
}

# Ctrl-C waits until this is over: where it stops zsh while that expands the pattern of a `[[ … ]]`, zsh keeps the
# unexpanded text as that pattern for good, and answers would never match again.
__llmenv_update() {
  local -i __llmenv_interrupted=0
  __llmenv_update_whole $1
  (( __llmenv_interrupted )) && kill -INT $__llmenv_own
  return 0
}

__llmenv_update_whole() {
  trap '__llmenv_interrupted=1' INT
  # What a refused answer failed at, and what helps.
  local __llmenv_wrong= __llmenv_hint=
  if [[ -n $__llmenv_first ]]; then
    __llmenv_start
  else
    __llmenv_ask $1 || __llmenv_failed $? $1
  fi
  __llmenv_pwd=$PWD
}

# Asks and applies. 0: done. 2: the request was refused. 3: nobody listens. 4: no whole answer in time, or the socket is
# a stranger's. 6: the answer cannot be applied, and nothing was changed. 126, 127: there is no program.
__llmenv_ask() {
  local __llmenv_answer= __llmenv_code=0 __llmenv_spawn=0
  local -a __llmenv_fields __llmenv_changed
  __llmenv_describe
  if (( __llmenv_direct )); then
    __llmenv_exchange "$@" || __llmenv_code=$?
  else
    __llmenv_code=5
  fi
  if (( __llmenv_code == 3 || __llmenv_code == 5 )); then
    # A subshell lives too shortly to start anything for, and a command is not to wait for it.
    [[ $1 != push && $__llmenv_own == $$ ]] && __llmenv_is_due && __llmenv_spawn=1
    if (( __llmenv_code == 5 || __llmenv_spawn )); then
      __llmenv_code=0
      __llmenv_answer=$("$__llmenv_program" hook prompt why=$1 spawn=$__llmenv_spawn "$__llmenv_fields[@]" \
        changed=${(j:,:)__llmenv_changed} "${@:2}" 2>/dev/null) || __llmenv_code=$?
    elif [[ $__llmenv_told == (126|127) ]]; then
      __llmenv_code=$__llmenv_told
    fi
  fi
  (( __llmenv_code )) && return __llmenv_code
  __llmenv_retry=0 __llmenv_silent=none __llmenv_told=
  __llmenv_apply $1 "$__llmenv_answer"
}

__llmenv_is_due() {
  local -i __llmenv_clock=${EPOCHSECONDS:-$SECONDS}
  # A clock that was set back must not make this wait for ever.
  (( __llmenv_retry == 0 || __llmenv_clock >= __llmenv_retry || __llmenv_retry - __llmenv_clock > 10 ))
}

# What is told of this shell: $__llmenv_fields, and the names of what was changed since it was applied.
__llmenv_describe() {
  local __llmenv_name __llmenv_type __llmenv_begun=${__llmenv_id#*.}
  # A subshell is a shell of its own: `(cd p && command)` must not speak for the one above it.
  __llmenv_own=${sysparams[pid]:-$$}
  [[ $__llmenv_own == $$ ]] || __llmenv_begun=0
  __llmenv_changed=()
  for __llmenv_name in $__llmenv_names; do
    __llmenv_type=${(Pt)__llmenv_name}
    [[ "${__llmenv_type:+=}${(P)__llmenv_name-}" == "$__llmenv_applied[$__llmenv_name]" ]] || __llmenv_changed+=($__llmenv_name)
  done
  __llmenv_fields=(shell=zsh pid=$__llmenv_own start=$__llmenv_begun reason=$__llmenv_reason
    "profile=${__llmenv_profile:--}" lease=$__llmenv_lease "mark=${__llmenv_mark:--}" signals=0
    names=${(j:,:)__llmenv_names})
}

# Sends $__llmenv_fields to the daemon and reads into $__llmenv_answer up to `end`, at most 50 ms, at the start of a
# shell 1 s. What a daemon sends after that is never seen.
__llmenv_exchange() {
  local __llmenv_address= __llmenv_name __llmenv_value __llmenv_piece REPLY=
  local -a __llmenv_private __llmenv_parts
  local -F __llmenv_limit=0.05 __llmenv_until __llmenv_left
  local -i __llmenv_over=0
  [[ $1 == start ]] && __llmenv_limit=1
  [[ -r $__llmenv_state_dir/daemon ]] && __llmenv_address=$(<$__llmenv_state_dir/daemon)
  if [[ $__llmenv_address != "$__llmenv_checked" || -z $__llmenv_address ]]; then
    __llmenv_value=${__llmenv_address##*$'\nsocket '} __llmenv_checked=
    [[ $__llmenv_address == 'llmenv 1'$'\n'*$'\nsocket /'* && $__llmenv_value != *$'\n'* && -e $__llmenv_value ]] || return 3
    # The folder is ours and closed to others, so nobody else can have put the socket there.
    __llmenv_private=(${__llmenv_value:h}(N/Uf:go-rwx:))
    (( $#__llmenv_private == 1 )) || return 4
    __llmenv_checked=$__llmenv_address __llmenv_socket=$__llmenv_value
  fi
  if [[ ! -S $__llmenv_socket || -h $__llmenv_socket || ! -O $__llmenv_socket ]]; then
    [[ -e $__llmenv_socket ]] && return 4
    return 3
  fi

  __llmenv_value=$PWD
  [[ $PWD == /* && $PWD -ef . ]] || __llmenv_value=${${:-.}:A}
  __llmenv_parts=("$__llmenv_fields[@]" why=$1 "cwd=$__llmenv_value" "${@:2}")
  [[ $1 == start ]] && __llmenv_changed=($__llmenv_names)
  for __llmenv_name in $__llmenv_changed; do
    if [[ -v $__llmenv_name ]]; then
      # No key and no address is longer; a socket whose reader sleeps takes some hundred kilobytes before it blocks.
      __llmenv_parts+=("var=$__llmenv_name=${${(P)__llmenv_name}[1,4096]}")
    else
      __llmenv_parts+=(var=$__llmenv_name)
    fi
  done
  if [[ "$__llmenv_parts" == *[%$'\t\n\r']* ]]; then
    __llmenv_parts=("${(@)__llmenv_parts//\%/%25}")
    __llmenv_parts=("${(@)__llmenv_parts//$'\t'/%09}")
    __llmenv_parts=("${(@)__llmenv_parts//$'\n'/%0A}")
    __llmenv_parts=("${(@)__llmenv_parts//$'\r'/%0D}")
  fi

  # The other end may close first.
  trap '' PIPE
  zsocket $__llmenv_socket 2>/dev/null || return 3
  {
    __llmenv_until=$(( EPOCHREALTIME + __llmenv_limit ))
    syswrite -o $REPLY -- $'hook 1\t'"${(pj:\t:)__llmenv_parts}"$'\n' 2>/dev/null || return 4
    while [[ $__llmenv_answer != *$'\nend\t'*$'\n' ]]; do
      (( __llmenv_over || $#__llmenv_answer > 262144 )) && return 4
      __llmenv_left=$(( __llmenv_until - EPOCHREALTIME ))
      (( __llmenv_left < __llmenv_limit )) || __llmenv_left=__llmenv_limit
      # A shell that was not given the processor itself looks once more: the answer may lie there.
      (( __llmenv_left > 0 )) || __llmenv_left=0 __llmenv_over=1
      sysread -t $__llmenv_left -s 65536 -i $REPLY __llmenv_piece || {
        # 4: the time is over. Else it closed: one that is just dying takes connections until the very end.
        [[ $? == 4 || -n $__llmenv_answer ]] && return 4
        return 3
      }
      __llmenv_answer+=$__llmenv_piece
      # A request that is not UTF-8 is answered in JSON; the program knows how to write it.
      [[ $__llmenv_answer == \{* ]] && return 5
    done
  } always {
    exec {REPLY}>&-
  }
  [[ $__llmenv_answer == $'fail\t'* ]] && return 2
  return 0
}

# No answer, or none that can be applied. In the same directory everything stays; elsewhere nothing of the last
# directory's account may remain. $1 is the code, $2 why it was asked.
__llmenv_failed() {
  local __llmenv_name __llmenv_now= __llmenv_text __llmenv_gone= __llmenv_left=
  [[ -r $__llmenv_file ]] && __llmenv_now=$(<$__llmenv_file)
  __llmenv_silent=$__llmenv_now
  # What was changed by hand is not asked about again before it changes once more.
  __llmenv_watched=()
  for __llmenv_name in $__llmenv_names; do __llmenv_watched+=($__llmenv_name "${(P)__llmenv_name-}"); done
  case $1 in
    (2) __llmenv_text='the daemon does not understand this shell' __llmenv_hint='open a new shell' ;;
    (3) __llmenv_text='no daemon runs and none could be started' __llmenv_hint='`llmenv daemon status` says more' ;;
    (126|127) __llmenv_text="the program is not at $__llmenv_program any more" __llmenv_hint='install it again, or take its line out of .zshrc' ;;
    (6) __llmenv_text=$__llmenv_wrong ;;
    (*) __llmenv_text='the daemon does not answer' __llmenv_hint='`llmenv daemon status` says more' ;;
  esac
  [[ $1 == (3|126|127) ]] && __llmenv_is_due && __llmenv_retry=$(( ${EPOCHSECONDS:-$SECONDS} + 10 ))
  [[ $2 == push ]] && return 0
  if (( __llmenv_lease && __llmenv_lease <= EPOCHSECONDS )); then
    __llmenv_left='as its time is over' __llmenv_lease=0
  elif [[ $PWD != "$__llmenv_pwd" && $__llmenv_reason != (shell|off) ]]; then
    __llmenv_left='on leaving its directory'
  fi
  if [[ -n $__llmenv_left && $#__llmenv_names != 0 ]]; then
    __llmenv_gone=${__llmenv_profile:-what was released}
    if __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t'"$__llmenv_generation"; then
      __llmenv_say "$__llmenv_text, so \`$__llmenv_gone\` was taken out of this shell $__llmenv_left"
      __llmenv_told=$1
      return 0
    fi
  fi
  if (( $1 == 6 )); then
    __llmenv_say "$__llmenv_text, so nothing was changed; $__llmenv_hint"
  elif [[ ( $PWD != "$__llmenv_pwd" || $2 == start && $1 != (3|126|127) ) && $__llmenv_told != $1 ]]; then
    [[ $__llmenv_reason == (shell|off) ]] || __llmenv_say "$__llmenv_text; $__llmenv_hint"
  fi
  # A start without a daemon is passed over in silence: the next directory is told of it.
  [[ $2 == start && $1 == 3 ]] || __llmenv_told=$1
}

__llmenv_say() {
  # `$(cd p; …)` is somebody's data, but what was typed there is answered.
  [[ ${sysparams[pid]:-$$} == $$ || -n ${__llmenv_typed-} ]] || return 0
  print -ru2 -- "llmenv: ${${1//[$'\0'-$'\x1f'$'\x7f']/?}//$'\xc2'[$'\x80'-$'\x9f']/?}"
}

# llmenv use, off, allow, deny, lock, unlock: done by the program, applied here before this returns.
__llmenv_choose() {
  emulate -L zsh -o no_xtrace -o no_multibyte
  local __llmenv_typed=1 __llmenv_answer= __llmenv_code=0 __llmenv_why=prompt __llmenv_wrong= __llmenv_hint= __llmenv_words __llmenv_before
  local -a __llmenv_fields __llmenv_changed
  [[ -z $__llmenv_first ]] || __llmenv_start
  __llmenv_describe
  __llmenv_chosen
  __llmenv_before=$__llmenv_words
  # The others are no choice: what was changed by hand stays.
  [[ $1 == (use|off) ]] && __llmenv_why=choose
  __llmenv_answer=$("$__llmenv_program" hook apply why=choose "previous=$__llmenv_previous" "$__llmenv_fields[@]" \
    changed=${(j:,:)__llmenv_changed} -- "$@") || __llmenv_code=$?
  if [[ $__llmenv_code == 0 && -n $__llmenv_answer ]]; then
    __llmenv_apply $__llmenv_why "$__llmenv_answer" || __llmenv_code=$?
    case $__llmenv_code in
      (0)
        __llmenv_chosen
        [[ $__llmenv_words == "$__llmenv_before" ]] || __llmenv_previous=$__llmenv_before
        __llmenv_pwd=$PWD __llmenv_retry=0 __llmenv_silent=none __llmenv_told=
        ;;
      (6) __llmenv_say "$__llmenv_wrong, so nothing was changed; $__llmenv_hint" ;;
      (*) __llmenv_say 'the answer was cut off, so nothing was changed; run the command again' ;;
    esac
    (( __llmenv_code == 0 )) || __llmenv_code=1
  fi
  return __llmenv_code
}

# What `use -` goes back to.
__llmenv_chosen() {
  case $__llmenv_reason in
    (shell) __llmenv_words="use $__llmenv_profile" ;;
    (off) __llmenv_words=off ;;
    (*) __llmenv_words=auto ;;
  esac
}

# The first prompt: what was inherited is looked at, kept or dropped, before anything runs.
__llmenv_start() {
  local __llmenv_from= __llmenv_code=0 __llmenv_name
  local -a __llmenv_parts
  __llmenv_parts=("${(@s.:.)${LLMENV_STATE-}}")
  if [[ $#__llmenv_parts == 6 && $__llmenv_parts[1] == 1 ]]; then
    __llmenv_from=$__llmenv_parts[2] __llmenv_reason=$__llmenv_parts[3] __llmenv_profile=${LLMENV_PROFILE-}
    [[ $__llmenv_parts[4] == <-> && $#__llmenv_parts[4] -le 15 ]] && __llmenv_lease=$__llmenv_parts[4]
    [[ $__llmenv_parts[5] == - ]] || __llmenv_mark=$__llmenv_parts[5]
    for __llmenv_name in ${(s.,.)__llmenv_parts[6]}; do
      __llmenv_is_allowed && (( ! ${+__llmenv_applied[$__llmenv_name]} )) || continue
      # Inherited names are llmenv's; before it there was nothing.
      __llmenv_names+=($__llmenv_name)
      __llmenv_applied[$__llmenv_name]= __llmenv_earlier[$__llmenv_name]=' '
      [[ -v $__llmenv_name ]] && __llmenv_applied[$__llmenv_name]="=${(P)__llmenv_name}"
      __llmenv_watched+=($__llmenv_name "${(P)__llmenv_name-}")
    done
  fi
  __llmenv_ask start ${__llmenv_from:+from=$__llmenv_from} || __llmenv_code=$?
  # Not before: Ctrl-C in between makes the next prompt the first one.
  __llmenv_first= __llmenv_pwd=$PWD
  (( __llmenv_code )) || return 0
  # Without an answer only a choice of the shell right above this one is known to be meant here.
  if (( $#__llmenv_names )) && [[ ${__llmenv_from%%.*} != ($PPID|$$) ]]; then
    __llmenv_apply prompt $'state\tapply\tnone\t-\t0\t-\nend\t' || :
  fi
  __llmenv_failed $__llmenv_code start
}

# Names that steer a shell, a loader or an interpreter are refused here too, whoever sends $__llmenv_name.
__llmenv_is_allowed() {
  [[ $__llmenv_name == [A-Za-z_]* && $__llmenv_name != *[^A-Za-z0-9_]* && $#__llmenv_name -le 128 ]] || return 1
  case ${(U)__llmenv_name} in
    (LLMENV_TOKEN) return 0 ;;
    (PATH|HOME|USER|LOGNAME|SHELL|ENV|IFS|CDPATH|SHELLOPTS|ZDOTDIR|PROMPT*|RPROMPT*|RPS*|PWD|OLDPWD|TERM|TMPDIR|TEMP|TMP) return 1 ;;
    (EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|LESSOPEN|LESSCLOSE|CC|CXX|MAKEFLAGS|RUSTC_WRAPPER|CLASSPATH) return 1 ;;
    (NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|RUBYOPT|RUBYLIB|PERL5OPT|PERL5LIB|PERL5DB) return 1 ;;
    (JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|HTTP_PROXY|HTTPS_PROXY|ALL_PROXY|NO_PROXY) return 1 ;;
    (SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|OPENSSL_CONF|DBUS_SESSION_BUS_ADDRESS) return 1 ;;
    (CODEX_HOME|CLAUDE_CONFIG_DIR|LOCPATH|GCONV_PATH|HOSTALIASES|RESOLV_HOST_CONF|TERMINFO|INPUTRC) return 1 ;;
    (_|UID|EUID|GID|EGID|PPID|SECONDS|RANDOM|REPLY|STATUS|ARGV|FPATH|MAILPATH|HISTFILE|STTY|NULLCMD|READNULLCMD) return 1 ;;
    (LD_*|DYLD_*|BASH*|PS*|FISH_*|ZSH_*|ZLE_*|PYTHON*|GIT_*|XDG_*|LLMENV_*|__LLMENV*|CARGO_*|NPM_CONFIG_*|PIP_*|MALLOC_*|GLIBC_*) return 1 ;;
  esac
}

# Whether the variable $__llmenv_name, of the type $__llmenv_type, can be replaced and brought back.
__llmenv_is_plain() {
  case $__llmenv_type in
    (*readonly*)
      __llmenv_wrong="$__llmenv_name is read-only in this shell" __llmenv_hint="start a new shell without \`readonly $__llmenv_name\`"
      return 1 ;;
    (*special*|*tied*|array*|association*|float*|*left*|*right*)
      __llmenv_wrong="$__llmenv_name is declared as $__llmenv_type in this shell" __llmenv_hint="\`unset $__llmenv_name\` makes room for it"
      return 1 ;;
  esac
}

# Applies an answer as one piece, or changes nothing. $1 says why, $2 is the answer. 4: it is none; 6: it cannot be.
# Whole arrays are taken at once where that is possible: each single step takes zsh a microsecond.
__llmenv_apply() {
  local __llmenv_name __llmenv_type __llmenv_want __llmenv_end __llmenv_refused= __llmenv_list= __llmenv_same= __llmenv_yours=
  local __llmenv_r __llmenv_p __llmenv_l __llmenv_m __llmenv_tab=$'\t'
  local -a __llmenv_lines __llmenv_parts __llmenv_sets __llmenv_unsets __llmenv_set_names __llmenv_says
  # The state to be, as pairs of name and value, and what to do for it.
  local -a __llmenv_a __llmenv_e __llmenv_w __llmenv_gone __llmenv_put __llmenv_back
  if [[ $2 == *[$'\0'-$'\b'$'\v'-$'\x1f'$'\x7f']* ]]; then
    __llmenv_wrong='the answer of the daemon holds control characters' __llmenv_hint='run `llmenv daemon restart`'
    return 6
  fi

  # Half an answer is none.
  __llmenv_lines=("${(@f)2}")
  __llmenv_end=$__llmenv_lines[(i)end$__llmenv_tab*]
  (( __llmenv_end <= $#__llmenv_lines )) || return 4
  __llmenv_lines[__llmenv_end,-1]=("$__llmenv_lines[__llmenv_end]") __llmenv_end=${__llmenv_lines[-1]#*$'\t'}
  __llmenv_parts=("${(@ps:\t:)__llmenv_lines[(r)state$__llmenv_tab*]}")
  __llmenv_sets=("${(@)${(@M)__llmenv_lines:#set$'\t'*}#*$'\t'}") __llmenv_set_names=("${(@)__llmenv_sets%%$'\t'*}")
  __llmenv_unsets=("${(@)${(@M)__llmenv_lines:#unset$'\t'*}#*$'\t'}")
  (( $#__llmenv_parts == 6 && ${#${(@M)__llmenv_sets:#[^$'\t']*$'\t'*}} == $#__llmenv_sets )) || return 4
  # The end of a lease is counted with, and zsh counts with the value of any text.
  [[ "$__llmenv_parts" != *[^A-Za-z0-9_.\ -]* && $__llmenv_parts[5] == <-> && $#__llmenv_parts[5] -le 15 ]] || return 4
  for __llmenv_name in "${(@)__llmenv_set_names:|__llmenv_fine}" "${(@)__llmenv_unsets:|__llmenv_fine}"; do
    if [[ $#__llmenv_fine -gt 999 ]] || ! __llmenv_is_allowed; then
      __llmenv_wrong='the daemon names a variable that must not be set' __llmenv_hint='run `llmenv daemon restart`'
      return 6
    fi
    __llmenv_fine+=($__llmenv_name)
  done
  __llmenv_name=$__llmenv_lines[(r)shell$__llmenv_tab$__llmenv_own.<->]
  if [[ -n $__llmenv_name ]]; then
    __llmenv_id=${__llmenv_name#*$'\t'}
    __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_id
  fi
  (( $__llmenv_lines[(I)say$__llmenv_tab*] )) && __llmenv_says=("${(@)${(@M)__llmenv_lines:#say$'\t'*}#*$'\t'}")
  if [[ $__llmenv_parts[2] != apply ]]; then
    for __llmenv_name in "$__llmenv_says[@]"; do __llmenv_say "$__llmenv_name"; done
    return 0
  fi
  __llmenv_r=$__llmenv_parts[3] __llmenv_p=${__llmenv_parts[4]:#-} __llmenv_l=$__llmenv_parts[5] __llmenv_m=${__llmenv_parts[6]:#-}
  [[ $__llmenv_p == "$__llmenv_profile" && $1 != choose ]] && __llmenv_same=1
  (( $__llmenv_lines[(I)yours$__llmenv_tab*] )) && __llmenv_yours=,${(j:,:)${(M)__llmenv_lines:#yours$'\t'*}#*$'\t'},

  # Nothing is changed yet, and one name that cannot be replaced stops all of it: half a pair would send one account's
  # key to another's host.
  __llmenv_parts=()
  for __llmenv_name in $__llmenv_unsets; do
    # Nothing there and nothing wanted: nothing to keep in mind.
    [[ -v $__llmenv_name || -n ${__llmenv_earlier[$__llmenv_name]-} ]] && __llmenv_parts+=($__llmenv_name '')
  done
  __llmenv_sets=("${(@)__llmenv_sets/#*$'\t'/=}")
  for __llmenv_name __llmenv_want in "$__llmenv_parts[@]" "${(@)__llmenv_set_names:^__llmenv_sets}"; do
    __llmenv_type=${(Pt)__llmenv_name} __llmenv_list+=,$__llmenv_name
    if [[ -z ${__llmenv_earlier[$__llmenv_name]-} || $__llmenv_yours == *,$__llmenv_name,* ]]; then
      __llmenv_e+=($__llmenv_name "${__llmenv_type/-local} ${(P)__llmenv_name-}")
    elif [[ "${__llmenv_type:+=}${(P)__llmenv_name-}" == "$__llmenv_applied[$__llmenv_name]" ]]; then
      __llmenv_e+=($__llmenv_name "$__llmenv_earlier[$__llmenv_name]")
      if [[ $__llmenv_want == "$__llmenv_applied[$__llmenv_name]" ]]; then
        __llmenv_a+=($__llmenv_name "$__llmenv_want") __llmenv_w+=($__llmenv_name "${__llmenv_want#=}")
        continue
      fi
    elif [[ -n $__llmenv_same ]]; then
      # Changed by hand while the profile stays: it is the user's until something is chosen.
      __llmenv_e+=($__llmenv_name "$__llmenv_earlier[$__llmenv_name]")
      __llmenv_a+=($__llmenv_name "$__llmenv_applied[$__llmenv_name]") __llmenv_w+=($__llmenv_name "${(P)__llmenv_name-}")
      continue
    else
      __llmenv_e+=($__llmenv_name "${__llmenv_type/-local} ${(P)__llmenv_name-}")
    fi
    __llmenv_a+=($__llmenv_name "$__llmenv_want") __llmenv_w+=($__llmenv_name "${__llmenv_want#=}")
    if [[ -n $__llmenv_type ]]; then
      [[ $__llmenv_type == (scalar|scalar-export) ]] || __llmenv_is_plain || __llmenv_refused=1
      __llmenv_gone+=($__llmenv_name)
    fi
    [[ -z $__llmenv_want ]] || __llmenv_put+=("$__llmenv_name$__llmenv_want")
  done
  # Which names go back.
  for __llmenv_name in $__llmenv_names; do
    [[ $__llmenv_list, == *,$__llmenv_name,* || $__llmenv_yours == *,$__llmenv_name,* ]] && continue
    __llmenv_type=${(Pt)__llmenv_name}
    [[ "${__llmenv_type:+=}${(P)__llmenv_name-}" == "$__llmenv_applied[$__llmenv_name]" ]] || continue
    if [[ -n $__llmenv_type ]]; then
      [[ $__llmenv_type == (scalar|scalar-export) ]] || __llmenv_is_plain || __llmenv_refused=1
      __llmenv_gone+=($__llmenv_name)
    fi
    [[ $__llmenv_earlier[$__llmenv_name] == ' '* ]] || __llmenv_back+=($__llmenv_name "$__llmenv_earlier[$__llmenv_name]")
  done
  if [[ ${(t)LLMENV_PROFILE-}${(t)LLMENV_STATE-} == *readonly* ]]; then
    __llmenv_name='LLMENV_PROFILE or LLMENV_STATE' __llmenv_type=readonly
    __llmenv_is_plain || __llmenv_refused=1
  fi
  if [[ -n $__llmenv_refused ]]; then
    __llmenv_generation=$__llmenv_end
    return 6
  fi

  # From here on nothing can fail, and Ctrl-C waits. What changes is first taken away: whatever looks in between never
  # meets a key with another's address.
  trap '' INT
  (( $#__llmenv_gone )) && builtin unset -v -- $__llmenv_gone
  __llmenv_names=(${(s:,:)__llmenv_list}) __llmenv_watched=("$__llmenv_w[@]")
  __llmenv_applied=("$__llmenv_a[@]") __llmenv_earlier=("$__llmenv_e[@]")
  __llmenv_reason=$__llmenv_r __llmenv_profile=$__llmenv_p __llmenv_lease=$__llmenv_l __llmenv_mark=$__llmenv_m
  [[ -z $__llmenv_end ]] || __llmenv_generation=$__llmenv_end
  if [[ -n $__llmenv_p ]]; then __llmenv_put+=(LLMENV_PROFILE=$__llmenv_p); else builtin unset -v LLMENV_PROFILE; fi
  if [[ $__llmenv_r == none && -z $__llmenv_list ]]; then
    builtin unset -v LLMENV_STATE
  else
    __llmenv_put+=(LLMENV_STATE=1:$__llmenv_id:$__llmenv_r:$__llmenv_l:${__llmenv_m:--}:${__llmenv_list#,})
  fi
  (( $#__llmenv_put )) && builtin typeset -gx -- "$__llmenv_put[@]"
  for __llmenv_name __llmenv_want in "$__llmenv_back[@]"; do
    __llmenv_type=${__llmenv_want%% *} __llmenv_parts=(-g)
    case $__llmenv_type in (*export*) __llmenv_parts+=(-x) ;; (*) __llmenv_parts+=(+x) ;; esac
    case $__llmenv_type in (integer*) __llmenv_parts+=(-i) ;; (*lower*) __llmenv_parts+=(-l) ;; (*upper*) __llmenv_parts+=(-u) ;; esac
    builtin typeset $__llmenv_parts -- "$__llmenv_name=${__llmenv_want#* }"
  done
  # `using …` is not said of what was refused.
  for __llmenv_name in "$__llmenv_says[@]"; do __llmenv_say "$__llmenv_name"; done
  return 0
}

__llmenv_load() {
  emulate -L zsh -o no_xtrace -o no_multibyte
  local __llmenv_stat=
  # With `sudo -E` this would be somebody else's home.
  [[ -O $HOME ]] || return 0
  typeset -ga __llmenv_names __llmenv_watched __llmenv_fine precmd_functions preexec_functions chpwd_functions
  # By name: what was applied, as `=VALUE`, or nothing for a name that was unset; and what was there before, as its type, a
  # blank and its value.
  typeset -gA __llmenv_applied __llmenv_earlier
  typeset -g +x __llmenv_first=1 __llmenv_pwd= __llmenv_generation= __llmenv_retry=0 __llmenv_silent=none __llmenv_told=
  typeset -g +x __llmenv_reason=none __llmenv_profile= __llmenv_lease=0 __llmenv_mark= __llmenv_previous=auto
  typeset -g +x __llmenv_direct=0 __llmenv_checked= __llmenv_socket= __llmenv_own=$$ __llmenv_id=$$.0
  zmodload zsh/system zsh/datetime zsh/net/socket 2>/dev/null && __llmenv_direct=1
  # Linux tells a process' start time in the 22nd field of this file; elsewhere the daemon does.
  if [[ -r /proc/$$/stat ]]; then
    __llmenv_stat=${"$(</proc/$$/stat)"##*\) }
    __llmenv_id=$$.${${=__llmenv_stat}[20]}
  fi
  typeset -g +x __llmenv_file=$__llmenv_state_dir/shells/$__llmenv_id
  # Last, so that what direnv and others set before it is seen.
  (( ${precmd_functions[(Ie)__llmenv_prompt]} )) || precmd_functions+=(__llmenv_prompt)
  (( ${chpwd_functions[(Ie)__llmenv_enter]} )) || chpwd_functions+=(__llmenv_enter)
  (( ${preexec_functions[(Ie)__llmenv_command]} )) || preexec_functions+=(__llmenv_command)
  # A script that asked for it draws no prompt.
  [[ -o interactive ]] || __llmenv_update start
}

if [[ ${(t)__llmenv_names-} != array* ]]; then
  if [[ -o interactive ]]; then
    [[ ${LLMENV_HOOK-} == 0 ]] || __llmenv_load
  else
    [[ ${LLMENV_HOOK-} != 1 ]] || __llmenv_load
  fi
fi
