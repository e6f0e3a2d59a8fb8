# llmenv for fish 3.1 and later. Printed by `llmenv init fish`; see README, "Shells".
#
# This shell owns its state, in global variables that are not exported. What comes from the daemon is data: an answer in
# fields, one on each line (`src/hook/fish_fields.rs`), which are checked and assigned, never evaluated. fish pays for every
# command substitution, so there is one in all, the program's. Local names have the prefix of ours too: a name that is served
# must never meet a local of the same name. Universal variables are looked at and never written.
# No command's name is a variable or stands in quotes: fish 3.6 ends itself (`failed assertion: expand_err`) where Ctrl-C comes
# while it works out such a name.

set -g __llmenv_program __LLMENV_PROGRAM__
set -g __llmenv_state_dir __LLMENV_STATE_DIR__

# One shell function, for what must change this shell; everything else goes to the program.
function llmenv --description 'keys and base URLs of LLM providers, in pairs'
    switch "$argv[1]"
        case use off allow deny lock unlock
            # An agent may have copied this function without the others: then it is the program alone.
            if not builtin contains -- --help $argv; and not builtin contains -- -h $argv; and not builtin contains -- --json $argv
                and set -q __llmenv_id; and test "$LLMENV_HOOK" != 0; and builtin functions -q __llmenv_choose
                __llmenv_choose $argv
                return
            end
    end
    command llmenv $argv
end

# What every event but the usual one leads to.
function __llmenv_look
    test "$LLMENV_HOOK" = 0; and return
    # What Ctrl-C cut short is done again.
    test -z "$__llmenv_pending"; or __llmenv_commit
    if test -z "$__llmenv_first"; and test "$PWD" = "$__llmenv_pwd"; and __llmenv_is_untouched
        if test $__llmenv_lease -ne 0; and __llmenv_is_over $__llmenv_lease
        else if test "$argv[2]" != "$__llmenv_generation"
        else if test $__llmenv_retry -eq 0; or not __llmenv_is_due
            # Ctrl-C, or a setting of ours, and nothing else.
            __llmenv_settle
            return
        end
    end
    __llmenv_update $argv[1]
end

function __llmenv_update
    if test -n "$__llmenv_first"
        __llmenv_start
    else
        __llmenv_ask $argv[1]; or __llmenv_failed $status $argv[1]
    end
    set -g __llmenv_pwd $PWD
    __llmenv_settle
end

# What the next prompt compares with: the halves of pairs, for another name that is changed by hand is the user's in any
# case. Nothing equals an empty list here: a prompt with something to wait for looks closer.
function __llmenv_settle
    if test "$__llmenv_first$__llmenv_pending$__llmenv_lease$__llmenv_retry" = 00
        set -g __llmenv_settled "$__llmenv_generation $LLMENV_HOOK $__llmenv_pwd $OPENAI_API_KEY $OPENAI_BASE_URL $ANTHROPIC_API_KEY $ANTHROPIC_AUTH_TOKEN $ANTHROPIC_BASE_URL $GEMINI_API_KEY $GOOGLE_GEMINI_BASE_URL"
    else
        set -g __llmenv_settled
    end
end

# The time in seconds since 1970, without a process where fish can tell (3.5).
function __llmenv_clock
    if builtin -q path
        builtin math (builtin path mtime /) + (builtin path mtime -R /)
    else
        command date +%s
    end
end

function __llmenv_is_over
    test (__llmenv_clock) -ge $argv[1]
end

# Whether a daemon may be started: not within ten seconds of the last try. A clock may be set back.
function __llmenv_is_due
    test $__llmenv_retry -eq 0; and return
    set -l __llmenv_left (builtin math $__llmenv_retry - (__llmenv_clock))
    test $__llmenv_left -le 0; or test $__llmenv_left -gt 10
end

# Whether everything is as it was when it was last looked at.
function __llmenv_is_untouched
    set -l __llmenv_now $$__llmenv_names
    test "$__llmenv_now" = "$__llmenv_seen"
end

# Sets __llmenv_differ to the names that somebody else has changed since they were applied.
function __llmenv_describe
    __llmenv_is_untouched; and return
    set -g __llmenv_differ
    for __llmenv_i in $__llmenv_numbers[1..(builtin count $__llmenv_names)]
        set -l __llmenv_name $__llmenv_names[$__llmenv_i]
        test "$$__llmenv_name" = "$__llmenv_values[$__llmenv_i]"; or set -ga __llmenv_differ $__llmenv_name
    end
end

# Asks and applies. 0: done. 2: the request was refused. 3: nobody listens. 4: no whole answer in time. 6: the answer cannot
# be applied, and nothing was changed. 127: there is no program.
function __llmenv_ask
    set -l __llmenv_spawn 0
    # A command is not to wait for a daemon that starts.
    test $argv[1] = push; or begin
        __llmenv_is_due; and set __llmenv_spawn 1
    end
    __llmenv_describe
    test -x "$__llmenv_program"; or return 127
    # Values go through the environment, never over a command line.
    set -l __llmenv_answer (command __LLMENV_COMMAND__ hook prompt shell=fish pid=$fish_pid start=$__llmenv_begun \
        why=$argv[1] spawn=$__llmenv_spawn reason=$__llmenv_reason profile=$__llmenv_profile lease=$__llmenv_lease \
        mark=$__llmenv_mark signals=0 names="$__llmenv_joined" changed="$__llmenv_differ" $argv[2..-1] 2>/dev/null)
    or return
    __llmenv_apply $argv[1]; or return
    set -g __llmenv_retry 0
    set -g __llmenv_told
end

# No answer, or none that can be applied. In the same directory everything stays; elsewhere nothing of the last directory's
# account may remain. The arguments are the code, and why it was asked.
function __llmenv_failed
    set -l __llmenv_text 'the daemon does not answer'
    set -l __llmenv_help '`llmenv daemon status` says more'
    set -l __llmenv_left
    # Not asked again before the directory, a variable or the generation changes.
    set -g __llmenv_generation
    test -r "$__llmenv_file"; and read -g __llmenv_generation <$__llmenv_file
    __llmenv_describe
    set -g __llmenv_seen $$__llmenv_names
    switch $argv[1]
        case 2
            set __llmenv_text 'the daemon does not understand this shell'
            set __llmenv_help 'open a new shell'
        case 3
            set __llmenv_text 'no daemon runs and none could be started'
            __llmenv_is_due; and set -g __llmenv_retry (builtin math (__llmenv_clock) + 10)
        case 6
            set __llmenv_text $__llmenv_wrong[1]
            set __llmenv_help $__llmenv_wrong[2]
        case 126 127
            set __llmenv_text "the program is not at $__llmenv_program any more"
            set __llmenv_help 'install it again, or take its line out of config.fish'
    end
    test $argv[2] = push; and return
    if test $__llmenv_lease -ne 0; and __llmenv_is_over $__llmenv_lease
        set __llmenv_left 'as its time is over'
        set -g __llmenv_lease 0
    else if test "$PWD" != "$__llmenv_pwd"; and not builtin contains -- $__llmenv_reason shell off
        set __llmenv_left 'on leaving its directory'
    end
    if test -n "$__llmenv_left"; and set -q __llmenv_names[1]
        set -l __llmenv_gone $__llmenv_profile
        test "$__llmenv_gone" != -; or set __llmenv_gone 'what was released'
        __llmenv_drop
        __llmenv_say "$__llmenv_text, so `$__llmenv_gone` was taken out of this shell $__llmenv_left"
    else if test $argv[1] -eq 6
        __llmenv_say "$__llmenv_text, so nothing was changed; $__llmenv_help"
    else if test "$__llmenv_told" != $argv[1]; and not builtin contains -- $__llmenv_reason shell off
        if test "$PWD" != "$__llmenv_pwd"; or test $argv[2] = start -a $argv[1] -ne 3
            __llmenv_say "$__llmenv_text; $__llmenv_help"
        end
    end
    # A start without a daemon is passed over in silence: the next directory is told of it.
    test $argv[2] = start -a $argv[1] -eq 3; or set -g __llmenv_told $argv[1]
end

function __llmenv_say
    builtin printf 'llmenv: %s\n' $argv[1] >&2
end

# llmenv use, off, allow, deny, lock, unlock: done by the program, applied here before this returns.
function __llmenv_choose
    # A trace would print keys. Exported, so that the functions called here see it.
    set -lx fish_trace
    set -l __llmenv_why prompt
    test -z "$__llmenv_pending"; or __llmenv_commit
    test -z "$__llmenv_first"; or __llmenv_start
    __llmenv_describe
    __llmenv_name_choice
    set -l __llmenv_before $__llmenv_choice
    # The others are no choice: what was changed by hand stays.
    builtin contains -- $argv[1] use off; and set __llmenv_why choose
    set -l __llmenv_answer (command __LLMENV_COMMAND__ hook apply why=choose previous=$__llmenv_previous shell=fish \
        pid=$fish_pid start=$__llmenv_begun reason=$__llmenv_reason profile=$__llmenv_profile lease=$__llmenv_lease \
        mark=$__llmenv_mark signals=0 names="$__llmenv_joined" changed="$__llmenv_differ" -- $argv)
    set -l __llmenv_code $status
    if test $__llmenv_code -eq 0; and set -q __llmenv_answer[1]
        __llmenv_apply $__llmenv_why
        switch $status
            case 0
                __llmenv_name_choice
                test "$__llmenv_choice" = "$__llmenv_before"; or set -g __llmenv_previous $__llmenv_before
                set -g __llmenv_pwd $PWD
                set -g __llmenv_retry 0
                set -g __llmenv_told
            case 6
                __llmenv_say "$__llmenv_wrong[1], so nothing was changed; $__llmenv_wrong[2]"
                set __llmenv_code 1
            case '*'
                __llmenv_say 'the answer was cut off, so nothing was changed; run the command again'
                set __llmenv_code 1
        end
    end
    __llmenv_settle
    return $__llmenv_code
end

# What `use -` goes back to from another choice.
function __llmenv_name_choice
    switch $__llmenv_reason
        case shell
            set -g __llmenv_choice "use $__llmenv_profile"
        case off
            set -g __llmenv_choice off
        case '*'
            set -g __llmenv_choice auto
    end
end

# The first prompt: what was inherited is looked at, kept or dropped, before anything runs.
function __llmenv_start
    set -l __llmenv_from
    set -l __llmenv_parts
    test -z "$LLMENV_STATE"; or set __llmenv_parts (string split -m 5 : -- $LLMENV_STATE)
    if test (builtin count $__llmenv_parts) -eq 6; and test "$__llmenv_parts[1]" = 1
        set __llmenv_from $__llmenv_parts[2]
        set -g __llmenv_reason $__llmenv_parts[3]
        test -z "$LLMENV_PROFILE"; or set -g __llmenv_profile $LLMENV_PROFILE
        string match -qr '^[0-9]{1,15}\z' -- $__llmenv_parts[4]; and set -g __llmenv_lease $__llmenv_parts[4]
        set -g __llmenv_mark $__llmenv_parts[5]
        # Inherited names are llmenv's; before it there was nothing.
        for __llmenv_name in (string split , -- $__llmenv_parts[6])
            if __llmenv_are_allowed $__llmenv_name; and not builtin contains -- $__llmenv_name $__llmenv_names
                set -ga __llmenv_names $__llmenv_name
                set -ga __llmenv_values "$$__llmenv_name"
            end
        end
        set -g __llmenv_joined (string join , -- $__llmenv_names)
        set -g __llmenv_seen $$__llmenv_names
    end
    set -l __llmenv_from_field
    test -z "$__llmenv_from"; or set __llmenv_from_field from=$__llmenv_from
    __llmenv_ask start $__llmenv_from_field
    set -l __llmenv_code $status
    # Not before: Ctrl-C in between makes the next prompt the first one.
    set -g __llmenv_first
    set -g __llmenv_pwd $PWD
    test $__llmenv_code -eq 0; and return
    # Without an answer only a choice of the shell right above this one is known to be meant here.
    if set -q __llmenv_names[1]; and not builtin contains -- (string replace -r '\..*' '' -- "$__llmenv_from") $__llmenv_parent $fish_pid
        __llmenv_drop
    end
    __llmenv_failed $__llmenv_code start
end

# Names that steer a shell, a loader or an interpreter are refused here too, whoever sends them.
function __llmenv_are_allowed
    not string match -qvr '(?i)^(?!(?:PATH|HOME|USER|LOGNAME|SHELL|ENV|IFS|CDPATH|SHELLOPTS|PWD|OLDPWD|TERM|TMPDIR|TEMP|TMP|_|UID|EUID|GID|EGID|PPID|SHLVL|SECONDS|RANDOM|REPLY|ARGV|CMD_DURATION|COLUMNS|LINES|INPUTRC|TERMINFO|EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|LESSOPEN|LESSCLOSE|NODE_.*|RUBYOPT|RUBYLIB|PERL5.*|LD_.*|DYLD_.*|BASH.*|PS[0-9].*|PROMPT.*|FISH_.*|__FISH_.*|ZSH_.*|PYTHON.*|GIT_.*|XDG_.*|LLMENV_(?!TOKEN\z).*|__LLMENV.*|CARGO_.*|NPM_CONFIG_.*|PIP_.*|MALLOC_.*|GLIBC_.*)\z)[A-Z_][A-Z0-9_]{0,127}\z' -- $argv
end

# Takes everything of ours out.
function __llmenv_drop
    set -l __llmenv_answer 'llmenv 1' - apply none - 0 - "$__llmenv_generation" '' 0 '' '' 0 '' '' end
    __llmenv_describe
    __llmenv_apply prompt
end

# Applies $__llmenv_answer as one piece, or changes nothing. The argument says why. 4: it is none; 6: it cannot be.
function __llmenv_apply --no-scope-shadowing
    # Half an answer is none.
    test "$__llmenv_answer[1] $__llmenv_answer[-1]" = 'llmenv 1 end'; or return 4
    set -l __llmenv_new
    set -l __llmenv_want
    set -l __llmenv_yours
    set -g __llmenv_wrong
    if test $__llmenv_answer[10] -ne 0
        set __llmenv_new $__llmenv_answer[$__llmenv_answer[11]]
        set __llmenv_want $__llmenv_answer[$__llmenv_answer[12]]
        if test "$__llmenv_answer[9]" != "$__llmenv_fine"
            __llmenv_are_allowed $__llmenv_new; or set -g __llmenv_wrong \
                'the daemon names a variable that must not be set' 'run `llmenv daemon restart`'
            for __llmenv_name in history hostname pipestatus status status_generation umask version
                builtin contains -- $__llmenv_name $__llmenv_new; and set -g __llmenv_wrong \
                    "$__llmenv_name is a variable of fish itself" 'take it out of the profile, or use `llmenv exec`'
            end
            # One name that cannot be replaced stops all of it: half a pair would send one account's key to another's host.
            if set -q __llmenv_wrong[1]
                set -g __llmenv_generation $__llmenv_answer[8]
                return 6
            end
            # The same names come again and again.
            set -g __llmenv_fine $__llmenv_answer[9]
        end
    end
    test "$__llmenv_answer[2]" = "$__llmenv_id"; or __llmenv_identify $__llmenv_answer[2]
    if test "$__llmenv_answer[3]" != apply
        __llmenv_say_all
        return 0
    end
    test -z "$__llmenv_answer[14]"; or set __llmenv_yours $__llmenv_answer[$__llmenv_answer[14]]

    # What is to be done: names to take away, those to hide, those to give a value, those that go back. Nothing is changed yet.
    set -g __llmenv_do_erase
    set -g __llmenv_do_hide
    set -g __llmenv_do_set
    set -g __llmenv_do_back
    set -g __llmenv_next_differ
    set -g __llmenv_next_kept
    if test "$__llmenv_answer[10]$__llmenv_differ$__llmenv_yours" = 0
        # Most of the time nothing was changed when a directory is left,
        set __llmenv_do_erase $__llmenv_names
        set __llmenv_do_back $__llmenv_kept
    else if set -q __llmenv_names[1]; or test $__llmenv_answer[13] -ne 0
        __llmenv_plan $argv[1]
    else
        # and nothing was there when one is entered: this tells how many of them are missing.
        set -qg $__llmenv_new
        if test $status -eq $__llmenv_answer[10]
            set __llmenv_do_set $__llmenv_numbers[1..$__llmenv_answer[10]]
        else
            __llmenv_plan $argv[1]
        end
    end
    set -g __llmenv_next $__llmenv_answer
    # From here on nothing can fail, and what Ctrl-C cuts short is done again at the next prompt.
    set -g __llmenv_pending 1
    set -g __llmenv_settled
    __llmenv_commit
    # `using …` is not said of what was refused.
    test -z "$__llmenv_answer[15]"; or __llmenv_say_all
    return 0
end

# Compares name by name what is to be with what is.
function __llmenv_plan --no-scope-shadowing
    set -l __llmenv_same
    test "$__llmenv_answer[5]" = "$__llmenv_profile"; and test $argv[1] != choose; and set __llmenv_same 1
    # No range of fish's is empty.
    set -l __llmenv_each
    test $__llmenv_answer[10] -eq 0; or set __llmenv_each $__llmenv_numbers[1..$__llmenv_answer[10]]
    for __llmenv_i in $__llmenv_each
        set -l __llmenv_name $__llmenv_new[$__llmenv_i]
        if builtin contains -- $__llmenv_name $__llmenv_names; and not builtin contains -- $__llmenv_name $__llmenv_yours
            if not builtin contains -- $__llmenv_name $__llmenv_differ
                builtin contains -- $__llmenv_name $__llmenv_kept; and set -ga __llmenv_next_kept $__llmenv_name
                # What stays as it is is never taken away.
                test "$$__llmenv_name" = "$__llmenv_want[$__llmenv_i]"; and continue
            else if test -n "$__llmenv_same"
                # Changed by hand while the profile stays: it is the user's until something is chosen.
                builtin contains -- $__llmenv_name $__llmenv_kept; and set -ga __llmenv_next_kept $__llmenv_name
                set -ga __llmenv_next_differ $__llmenv_name
                continue
            else
                __llmenv_remember $__llmenv_name
            end
        else
            __llmenv_remember $__llmenv_name
        end
        set -ga __llmenv_do_erase $__llmenv_name
        if test $__llmenv_i -gt $__llmenv_answer[13]
            set -ga __llmenv_do_set $__llmenv_i
        else
            set -ga __llmenv_do_hide $__llmenv_i
        end
    end
    for __llmenv_name in $__llmenv_names
        if not builtin contains -- $__llmenv_name $__llmenv_new $__llmenv_yours $__llmenv_differ
            set -ga __llmenv_do_erase $__llmenv_name
            builtin contains -- $__llmenv_name $__llmenv_kept; and set -ga __llmenv_do_back $__llmenv_name
        end
    end
end

# Keeps a global variable, all of its elements, and how it is declared.
function __llmenv_remember
    # A universal one comes back by itself.
    set -qg $argv[1]; or return 0
    set -l __llmenv_how -g -u
    set -qgx $argv[1]; and set __llmenv_how -g -x
    set -qg --path $argv[1]; and set -a __llmenv_how --path
    # Not at the end of the name: one that ends in PATH is split at colons.
    set -g __llmenv_was_{$argv[1]}_ $$argv[1]
    set -g __llmenv_how_{$argv[1]}_ $__llmenv_how
    set -ga __llmenv_next_kept $argv[1]
end

# Does what was planned. May be cut short anywhere and done again: it reads the plan alone. What changes is first taken
# away: whatever looks in between never meets a key with another's address.
function __llmenv_commit
    set -l __llmenv_new
    set -l __llmenv_want
    if test $__llmenv_next[10] -ne 0
        set __llmenv_new $__llmenv_next[$__llmenv_next[11]]
        set __llmenv_want $__llmenv_next[$__llmenv_next[12]]
    end
    # Keys come last in an answer and are to go first.
    set -q __llmenv_do_erase[1]; and set -eg $__llmenv_do_erase[-1..1]
    for __llmenv_i in $__llmenv_do_hide
        # The only way to keep a universal variable from children, short of changing it for every other shell.
        set -qUx $__llmenv_new[$__llmenv_i]; and set -gx $__llmenv_new[$__llmenv_i] ''
    end
    for __llmenv_i in $__llmenv_do_set
        set -gx $__llmenv_new[$__llmenv_i] $__llmenv_want[$__llmenv_i]
    end
    for __llmenv_name in $__llmenv_do_back
        set -l __llmenv_how __llmenv_how_{$__llmenv_name}_
        set -l __llmenv_was __llmenv_was_{$__llmenv_name}_
        set $$__llmenv_how $__llmenv_name $$__llmenv_was
    end
    set -g __llmenv_names $__llmenv_new
    set -g __llmenv_values $__llmenv_want
    set -g __llmenv_differ $__llmenv_next_differ
    set -g __llmenv_kept $__llmenv_next_kept
    set -g __llmenv_reason $__llmenv_next[4]
    set -g __llmenv_profile $__llmenv_next[5]
    set -g __llmenv_lease $__llmenv_next[6]
    set -g __llmenv_mark $__llmenv_next[7]
    set -g __llmenv_generation $__llmenv_next[8]
    set -g __llmenv_joined $__llmenv_next[9]
    if test $__llmenv_profile = -
        set -eg LLMENV_PROFILE
    else
        set -gx LLMENV_PROFILE $__llmenv_profile
    end
    if test $__llmenv_reason$__llmenv_joined = none
        set -eg LLMENV_STATE
    else
        set -gx LLMENV_STATE "1:$__llmenv_id:$__llmenv_reason:$__llmenv_lease:$__llmenv_mark:$__llmenv_joined"
    end
    set -g __llmenv_seen $$__llmenv_names
    set -g __llmenv_pending
end

function __llmenv_say_all --no-scope-shadowing
    test -z "$__llmenv_answer[15]"; and return
    for __llmenv_name in $__llmenv_answer[$__llmenv_answer[15]]
        __llmenv_say $__llmenv_name
    end
end

# The daemon says which shell this is: where fish could not find out when it began.
function __llmenv_identify
    string match -qr "^$fish_pid\.[0-9]+\z" -- $argv[1]; or return
    set -g __llmenv_id $argv[1]
    set -g __llmenv_file $__llmenv_state_dir/shells/$__llmenv_id
end

function __llmenv_load
    # A trace would print keys.
    set -lx fish_trace
    # With `sudo -E` this would be somebody else's home.
    test -O "$HOME"; or return
    # Before a prompt: nothing changed is the usual case and takes a read and a comparison, no process.
    function __llmenv_prompt --on-event fish_prompt
        test -r $__llmenv_file; and read -l __llmenv_found <$__llmenv_file
        test "$__llmenv_found $LLMENV_HOOK $PWD $OPENAI_API_KEY $OPENAI_BASE_URL $ANTHROPIC_API_KEY $ANTHROPIC_AUTH_TOKEN $ANTHROPIC_BASE_URL $GEMINI_API_KEY $GOOGLE_GEMINI_BASE_URL" = "$__llmenv_settled"
        or __llmenv_look prompt "$__llmenv_found"
    end
    # A directory counts for the next command of the same line.
    function __llmenv_enter --on-variable PWD
        test -n "$__llmenv_first" -o "$LLMENV_HOOK" = 0 -o "$PWD" = "$__llmenv_pwd"; or __llmenv_look prompt
    end
    # Before a command: it is to see the new values of the profile that the prompt showed. Another profile waits for the
    # next prompt.
    function __llmenv_command --on-event fish_preexec
        test -n "$__llmenv_first"; or test "$__llmenv_profile" = -; and return
        test -r $__llmenv_file; and read -l __llmenv_found <$__llmenv_file
        # Whatever else there is waits for the prompt.
        test "$__llmenv_found" = "$__llmenv_generation"; or __llmenv_look push "$__llmenv_found"
    end
    test "$__llmenv_loaded" = $fish_pid; and return

    # What was inherited under these names is nobody's.
    for __llmenv_name in (set -n | string match '__llmenv_*')
        builtin contains -- $__llmenv_name __llmenv_program __llmenv_state_dir; or set -eg $__llmenv_name
    end
    set -g __llmenv_first 1
    set -g __llmenv_pwd
    set -g __llmenv_pending
    set -g __llmenv_settled
    set -g __llmenv_generation
    set -g __llmenv_retry 0
    set -g __llmenv_told
    set -g __llmenv_reason none
    set -g __llmenv_profile -
    set -g __llmenv_lease 0
    set -g __llmenv_mark -
    set -g __llmenv_previous auto
    # What was applied: names, their values (nothing for one that was taken away), those changed since, those with an
    # earlier value.
    set -g __llmenv_names
    set -g __llmenv_values
    set -g __llmenv_joined ''
    set -g __llmenv_seen ''
    set -g __llmenv_differ
    set -g __llmenv_kept
    set -g __llmenv_fine
    # To count with: fish does it by a command substitution otherwise.
    set -l __llmenv_n 0 1 2 3 4 5 6 7 8 9
    set -g __llmenv_numbers $__llmenv_n[2..10] 1$__llmenv_n 2$__llmenv_n 3$__llmenv_n 4$__llmenv_n 5$__llmenv_n \
        6$__llmenv_n 7$__llmenv_n 8$__llmenv_n 9$__llmenv_n
    # Linux tells a process' parent and start time in the 4th and 22nd field of this file; elsewhere the program finds out.
    set -g __llmenv_begun 0
    set -g __llmenv_parent 0
    if test -r /proc/$fish_pid/stat; and read -l __llmenv_stat </proc/$fish_pid/stat
        set __llmenv_stat (string split ' ' -- (string replace -r '^.*\) ' '' -- $__llmenv_stat))
        set -g __llmenv_parent $__llmenv_stat[2]
        set -g __llmenv_begun $__llmenv_stat[20]
    end
    set -g __llmenv_id $fish_pid.$__llmenv_begun
    set -g __llmenv_file $__llmenv_state_dir/shells/$__llmenv_id
    set -g __llmenv_loaded $fish_pid
    # A script that asked for it draws no prompt.
    status is-interactive; or __llmenv_look start
end

if status is-interactive
    test "$LLMENV_HOOK" = 0; or __llmenv_load
else
    test "$LLMENV_HOOK" != 1; or __llmenv_load
end
