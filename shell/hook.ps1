# llmenv for Windows PowerShell 5.1 and PowerShell 7. Printed by `llmenv init powershell`; see README, "Shells".
#
# This shell owns its state: one global table holds what was applied and what was there before, so that comparing and
# restoring need no daemon. What comes from the daemon is data: lines that are checked and assigned, never evaluated.
#
# - One text for both editions: the syntax is that of 5.1, and the file is ASCII (5.1 decodes what a program prints with
#   the OEM code page). What only one of them has is asked for where it runs.
# - .NET calls instead of cmdlets: they are faster, and aliases, `-WhatIf`, default parameters and module logging do not
#   reach them.
# - [DebuggerHidden] keeps `Set-PSDebug -Trace` out of these functions; it would print keys.
# - Nothing here throws into the session, and what was caught is taken out of `$Error` again.

if ([Environment]::GetEnvironmentVariable('LLMENV_HOOK') -eq '1' -or
  ([Environment]::GetEnvironmentVariable('LLMENV_HOOK') -ne '0' -and $function:PSConsoleHostReadLine -and
    -not [Console]::IsInputRedirected)) {

  if ($null -eq $ExecutionContext.SessionState.PSVariable.Get('global:__llmenv')) {
    $global:__llmenv = @{
      # What is applied: names, values ($null: unset), values last seen, values before llmenv ($null: not set).
      Names = @(); Values = @(); Seen = @(); Olds = @()
      Reason = 'none'; Profile = ''; Lease = '0'; Mark = ''; Previous = 'auto'
      # When the lease ends, in ticks of `DateTime`; 0: never.
      Until = 0L
      # Which shell this is, its generation file and what that held when it was last asked for.
      Id = "$PID.0"; Start = '0'; File = ''; Generation = ''; Place = ''; Here = ''
      # First: nothing was asked yet. Busy: a look is under way. Looked, Read: this round's prompt and the last read were ours.
      First = $true; Busy = $false; Looked = $false; Read = $false
      # After a failure: the generation at which nobody answered, whether nothing listened, since when, and what was said.
      Silent = $null; Absent = $false; Started = 0L; Told = $false
      # The daemon as it was last found.
      EndPoint = $null; Pipe = ''
      # Names that were found fit; the last answer applied, without its end; what it wants unset that is not there.
      Fit = @{}; Text = ''; Rivals = @()
      # Functions of others that were wrapped, one slot each, and what stood outermost when ours last ran.
      Wrapped = @{}; OwnPrompt = $null; OwnReadLine = $null; Prompt = $null; ReadLine = $null; Cd = $false
    }
  }
  $global:__llmenv['Program'] = __LLMENV_PROGRAM__
  $global:__llmenv['StateDir'] = __LLMENV_STATE_DIR__
  # Lines of other shells that may want explaining.
  $global:__llmenv['Foreign'] = [regex]::new('(?:\A|[\s;&|{(])(?:export|setx?)\s+["'']?[A-Za-z_]', 'IgnoreCase, CultureInvariant')

  # Something may have changed. Prompts come here only when a few comparisons of their own say so.
  function global:__llmenv_look {
    [Diagnostics.DebuggerHidden()]param()
    $s = $global:__llmenv
    if ($s['Busy'] -or [Environment]::GetEnvironmentVariable('LLMENV_HOOK') -eq '0') { return }
    $s['Busy'] = $true
    try {
      $now = ''
      if ([IO.File]::Exists($s['File'])) { $now = [IO.File]::ReadAllText($s['File']) }
      $place = $ExecutionContext.SessionState.Path.CurrentLocation.Path
      $names = $s['Names']
      $seen = $s['Seen']
      $changed = $s['Absent'] -or -not [object]::Equals($place, $s['Place']) -or
        ($s['Until'] -ne 0 -and [DateTime]::UtcNow.Ticks -ge $s['Until'])
      for ($i = 0; $i -lt $names.Length; $i++) {
        if (-not [object]::Equals([Environment]::GetEnvironmentVariable($names[$i]), $seen[$i])) { $changed = $true }
      }
      # A file that is gone says nothing.
      if (-not $changed -and ($now.Length -eq 0 -or [object]::Equals($now, $s['Generation']) -or
          [object]::Equals($now, $s['Silent']))) { return }
      # In `Env:` or a registry a program starts in the last folder of the file system.
      $here = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
      if ($s['First']) { __llmenv_start $here } else {
        $how = __llmenv_ask 'prompt' $here ''
        if ($how.Length -gt 0) { __llmenv_failed $how $now $here }
      }
      $s['Place'] = $place
      $s['Here'] = $here
    } catch { __llmenv_forget $_ } finally { $s['Busy'] = $false }
  }

  # A line was typed: the applied profile's new values are for it, everything else waits for the next prompt.
  function global:__llmenv_push {
    [Diagnostics.DebuggerHidden()]param()
    $s = $global:__llmenv
    if ($s['Busy'] -or $s['First'] -or $s['Names'].Length -eq 0 -or
      [Environment]::GetEnvironmentVariable('LLMENV_HOOK') -eq '0') { return }
    $s['Busy'] = $true
    try {
      if (-not [IO.File]::Exists($s['File'])) { return }
      $now = [IO.File]::ReadAllText($s['File'])
      if ([object]::Equals($now, $s['Generation']) -or [object]::Equals($now, $s['Silent'])) { return }
      $how = __llmenv_ask 'push' $s['Here'] ''
      if ($how.Length -gt 0 -and $how -ne 'absent') { $s['Silent'] = $now }
    } catch { __llmenv_forget $_ } finally { $s['Busy'] = $false }
  }

  # Asks and applies. Gives '' or, without an answer that counts, 'absent', 'gone', 'silent', 'stranger' or
  # 'refused'.
  function global:__llmenv_ask {
    [Diagnostics.DebuggerHidden()]param($Why, $Here, $From)
    $s = $global:__llmenv
    $profileName = $s['Profile']; if ($profileName.Length -eq 0) { $profileName = '-' }
    $mark = $s['Mark']; if ($mark.Length -eq 0) { $mark = '-' }
    $names = $s['Names']; $values = $s['Values']
    $fields = "shell=powershell`tpid=$PID`tstart=$($s['Start'])`twhy=$Why`treason=$($s['Reason'])`tprofile=$profileName`t" +
      "lease=$($s['Lease'])`tmark=$mark`tsignals=0`tnames=" + [string]::Join(',', $names)
    if ($From.Length -gt 0) { $fields += "`tfrom=$From" }
    $request = "hook 1`t$fields`tcwd=" + $Here.Replace('%', '%25').Replace("`t", '%09').Replace("`n", '%0A').Replace("`r", '%0D')
    $changed = ''
    for ($i = 0; $i -lt $names.Length; $i++) {
      $value = [Environment]::GetEnvironmentVariable($names[$i])
      if ([object]::Equals($value, $values[$i]) -and $Why -ne 'start') { continue }
      $changed += ',' + $names[$i]
      $request += "`tvar=" + $names[$i]
      if ($null -ne $value) {
        $request += '=' + $value.Replace('%', '%25').Replace("`t", '%09').Replace("`n", '%0A').Replace("`r", '%0D')
      }
    }
    $wait = 50; if ($Why -eq 'start') { $wait = 1000 }
    $answer = __llmenv_exchange ($request + "`n") $wait
    if ($answer.Length -eq 6 -and $Why -ne 'push' -and $answer -eq 'absent' -and
      [Environment]::GetEnvironmentVariable('LLMENV_DAEMON') -ne 'off') {
      # Nothing listens: the program starts a daemon, at most once in ten seconds.
      $time = [Diagnostics.Stopwatch]::GetTimestamp()
      if ($s['Started'] -eq 0 -or $time - $s['Started'] -ge 10 * [Diagnostics.Stopwatch]::Frequency) {
        $s['Started'] = $time
        $words = "hook`tprompt`tspawn=1`t$fields`tchanged=" + $changed.TrimStart([char]44)
        $answer = __llmenv_program $words.Split([char]9) $Here
      }
    }
    # One word is a failure, an answer has more than one line.
    if ($answer.Length -lt 10) { return $answer }
    if (-not (__llmenv_apply $Why $answer)) { return 'refused' }
    $s['Silent'] = $null; $s['Absent'] = $false; $s['Told'] = $false
    return ''
  }

  # The text of an answer up to its `end` line, or one word.
  function global:__llmenv_exchange {
    [Diagnostics.DebuggerHidden()]param($Request, $Milliseconds)
    $s = $global:__llmenv
    if ($null -eq $s['EndPoint'] -and $s['Pipe'].Length -eq 0) {
      $word = __llmenv_find
      if ($word.Length -gt 0) { return $word }
    }
    # Windows: .NET Framework has no such sockets at all.
    if ($s['Pipe'].Length -gt 0) { return __llmenv_exchange_pipe $Request $Milliseconds }
    # Only forms that throw nothing: what is thrown costs time and stays in `$Error`.
    $socket = [Net.Sockets.Socket]::new(1, 1, 0)
    $connection = [Net.Sockets.SocketAsyncEventArgs]::new()
    try {
      $connection.RemoteEndPoint = $s['EndPoint']
      if ($socket.ConnectAsync($connection)) { return 'silent' }
      if ([int]$connection.SocketError -ne 0) {
        # Not where it was: look where it is now.
        $word = __llmenv_find
        if ($word.Length -gt 0) { return $word }
        $connection.RemoteEndPoint = $s['EndPoint']
        if ($socket.ConnectAsync($connection)) { return 'silent' }
        if ($connection.SocketError -eq 'AccessDenied') { return 'stranger' }
        if ([int]$connection.SocketError -ne 0) { return 'absent' }
      }
      $code = [Net.Sockets.SocketError]::Success
      $bytes = [Text.Encoding]::UTF8.GetBytes($Request)
      $socket.SendTimeout = $Milliseconds
      if ($socket.Send($bytes, 0, $bytes.Length, 0, [ref]$code) -ne $bytes.Length) { return 'silent' }
      # From here on: compiling what runs first must not use up the daemon's time.
      $watch = [Diagnostics.Stopwatch]::StartNew()
      $buffer = [byte[]]::new(4096)
      $filled = 0
      while ($true) {
        $left = ($Milliseconds - $watch.ElapsedMilliseconds) * 1000
        if ($left -le 0 -or -not $socket.Poll([int]$left, 0)) { return 'silent' }
        $count = $socket.Receive($buffer, $filled, $buffer.Length - $filled, 0, [ref]$code)
        if ($count -le 0) { return 'silent' }
        $filled += $count
        if ($buffer[$filled - 1] -eq 10) {
          $text = [Text.Encoding]::UTF8.GetString($buffer, 0, $filled)
          $at = $text.LastIndexOf("`nend`t", [StringComparison]::Ordinal)
          if ($at -ge 0 -and $text.IndexOf([char]10, $at + 1) -eq $text.Length - 1) { return $text }
        }
        if ($filled -eq $buffer.Length) {
          if ($filled -ge 1048576) { return 'silent' }
          $larger = [byte[]]::new(4 * $filled)
          [Buffer]::BlockCopy($buffer, 0, $larger, 0, $filled)
          $buffer = $larger
        }
      }
    } finally { $connection.Dispose(); $socket.Dispose() }
  }

  # Reads where the daemon listens: the file that it keeps in the state folder. Gives '' or a word.
  function global:__llmenv_find {
    [Diagnostics.DebuggerHidden()]param()
    $s = $global:__llmenv
    $s['EndPoint'] = $null
    $s['Pipe'] = ''
    $file = [IO.Path]::Combine($s['StateDir'], 'daemon')
    if (-not [IO.File]::Exists($file)) { return 'absent' }
    $address = [IO.File]::ReadAllText($file)
    $at = $address.LastIndexOf("`nsocket ", [StringComparison]::Ordinal)
    if ($at -lt 0 -or -not $address.StartsWith("llmenv 1`n", [StringComparison]::Ordinal)) { return 'absent' }
    $socket = $address.Substring($at + 8).TrimEnd([char]10)
    if ($socket.StartsWith('\\.\pipe\', [StringComparison]::Ordinal)) {
      $s['Pipe'] = $socket.Substring(9)
      return ''
    }
    if (-not [IO.File]::Exists($socket)) { return 'absent' }
    if (-not (__llmenv_is_own ([IO.Path]::GetDirectoryName($socket)))) { return 'stranger' }
    $s['EndPoint'] = [Net.Sockets.UnixDomainSocketEndPoint]::new($socket)
    return ''
  }

  # Windows: the daemon's pipe. Only its own user's is spoken to.
  function global:__llmenv_exchange_pipe {
    [Diagnostics.DebuggerHidden()]param($Request, $Milliseconds)
    $options = 'Asynchronous'
    if ($PSEdition -eq 'Core') { $options = 'Asynchronous, CurrentUserOnly' }
    $pipe = [IO.Pipes.NamedPipeClientStream]::new('.', $global:__llmenv['Pipe'], [IO.Pipes.PipeDirection]::InOut,
      [IO.Pipes.PipeOptions]$options)
    try {
      # Without a server this waits to the end of its time: the program finds out which it is.
      try { $pipe.Connect(50) } catch {
        $exception = $_.Exception.GetBaseException()
        __llmenv_forget $_
        # The next daemon may have another.
        $global:__llmenv['Pipe'] = ''
        if ($exception -is [UnauthorizedAccessException]) { return 'stranger' }
        return 'absent'
      }
      if ($PSEdition -ne 'Core') {
        $owner = $pipe.GetAccessControl().GetOwner([Security.Principal.SecurityIdentifier])
        $me = [Security.Principal.WindowsIdentity]::GetCurrent()
        if (-not $owner.Equals($me.User) -and -not $owner.Equals($me.Owner)) { return 'stranger' }
      }
      $bytes = [Text.Encoding]::UTF8.GetBytes($Request)
      if (-not $pipe.WriteAsync($bytes, 0, $bytes.Length).Wait($Milliseconds)) { return 'silent' }
      $watch = [Diagnostics.Stopwatch]::StartNew()
      $buffer = [byte[]]::new(16384)
      $filled = 0
      while ($true) {
        $left = $Milliseconds - $watch.ElapsedMilliseconds
        if ($left -le 0) { return 'silent' }
        $reading = $pipe.ReadAsync($buffer, $filled, $buffer.Length - $filled)
        if (-not $reading.Wait([int]$left) -or $reading.Result -le 0) { return 'silent' }
        $filled += $reading.Result
        if ($buffer[$filled - 1] -eq 10) {
          $text = [Text.Encoding]::UTF8.GetString($buffer, 0, $filled)
          if (__llmenv_is_whole $text) { return $text }
        }
        if ($filled -eq $buffer.Length) {
          if ($filled -ge 1048576) { return 'silent' }
          $larger = [byte[]]::new(2 * $filled)
          [Buffer]::BlockCopy($buffer, 0, $larger, 0, $filled)
          $buffer = $larger
        }
      }
    } catch {
      __llmenv_forget $_
      return 'silent'
    } finally { $pipe.Dispose() }
  }

  # Whether a text that ends with a line feed has `end` as its last line.
  function global:__llmenv_is_whole {
    [Diagnostics.DebuggerHidden()]param([string]$Text)
    $at = -1
    if ($Text.Length -gt 1) { $at = $Text.LastIndexOf([char]10, $Text.Length - 2) }
    [string]::CompareOrdinal($Text, $at + 1, "end`t", 0, 4) -eq 0
  }

  # Whether a folder is this user's and closed to others: somebody else may wait on a path that was free for a moment.
  # PowerShell reads owners itself but offers no way to ask; where that is built otherwise, the state folder, which names
  # the socket and is this user's alone, has to do.
  function global:__llmenv_is_own {
    [Diagnostics.DebuggerHidden()]param([string]$Folder)
    try {
      $unix = [psobject].Assembly.GetType('System.Management.Automation.Platform+Unix')
      if ($null -eq $unix) { return $true }
      $look = $unix.GetMethod('GetLStat')
      if ($null -eq $look) { return $true }
      $mine = "/proc/$PID"
      if (-not [IO.Directory]::Exists($mine)) { $mine = $global:__llmenv['StateDir'] }
      $found = $look.Invoke($null, @($Folder))
      return $found.UserId -eq $look.Invoke($null, @($mine)).UserId -and ($found.Mode -band 63) -eq 0
    } catch {
      __llmenv_forget $_
      return $true
    }
  }

  # Runs the program for one answer. Values go through the environment, never over a command line. `$LASTEXITCODE`, the
  # console's encoding and the preferences for native commands have no part in this.
  function global:__llmenv_program {
    [Diagnostics.DebuggerHidden()]param([object[]]$Words, [string]$Here)
    try {
      $process = __llmenv_process $Words $Here $true
      $process.StandardInput.Close()
      $errors = $process.StandardError.ReadToEndAsync()
      $reading = $process.StandardOutput.ReadToEndAsync()
      if (-not $reading.Wait(3000) -or -not $errors.Wait(1000) -or -not $process.WaitForExit(1000)) {
        $process.Kill()
        return 'silent'
      }
      if ($process.ExitCode -eq 0 -and (__llmenv_is_whole $reading.Result)) { return $reading.Result }
      if ($process.ExitCode -eq 3) { return 'absent' }
      if ($process.ExitCode -eq 4) { return 'silent' }
      return 'refused'
    } catch {
      __llmenv_forget $_
      if (-not [IO.File]::Exists($global:__llmenv['Program'])) { return 'gone' }
      return 'absent'
    }
  }

  function global:__llmenv_process {
    [Diagnostics.DebuggerHidden()]param([object[]]$Words, [string]$Here, [bool]$Alone)
    $info = [Diagnostics.ProcessStartInfo]::new($global:__llmenv['Program'])
    $quoted = [Collections.ArrayList]@()
    foreach ($word in $Words) {
      $word = [string]$word
      # The rules by which Windows programs, and .NET on other systems, take a command line apart.
      if ($word.Length -eq 0 -or [regex]::IsMatch($word, '[\s"]')) {
        $word = '"' + [regex]::Replace([regex]::Replace($word, '(\\*)"', '$1$1\"'), '(\\+)\z', '$1$1') + '"'
      }
      $null = $quoted.Add($word)
    }
    $info.Arguments = [string]::Join(' ', $quoted.ToArray())
    $info.UseShellExecute = $false
    $info.RedirectStandardOutput = $true
    $info.StandardOutputEncoding = [Text.UTF8Encoding]::new($false)
    if ($Alone) {
      $info.RedirectStandardInput = $true
      $info.RedirectStandardError = $true
      $info.CreateNoWindow = $true
    }
    # PowerShell's own location: the process' one stays where it was started.
    if ([IO.Directory]::Exists($Here)) {
      $info.WorkingDirectory = $Here
      $info.EnvironmentVariables['PWD'] = $Here
    }
    [Diagnostics.Process]::Start($info)
  }

  # No answer. In the same directory everything stays; elsewhere nothing of the last directory's account may remain.
  function global:__llmenv_failed {
    [Diagnostics.DebuggerHidden()]param([string]$How, [string]$Now, [string]$Here)
    if ($How.Length -eq 0) { return }
    $s = $global:__llmenv
    $s['Silent'] = $Now
    $s['Absent'] = $How -eq 'absent' -or $How -eq 'gone'
    $text = 'the daemon does not answer'
    if ($How -eq 'absent') { $text = 'no daemon runs and none could be started' }
    if ($How -eq 'gone') { $text = "the program is not at $($s['Program']) any more" }
    if ($How -eq 'stranger') { $text = "the daemon's socket is in a folder that is not yours" }
    if ($How -eq 'refused') { $text = "the daemon's answer cannot be used" }
    $left = ''
    if ($s['Until'] -ne 0 -and [DateTime]::UtcNow.Ticks -ge $s['Until']) {
      $left = 'as its time is over'
      $s['Until'] = 0L
    } elseif (-not [object]::Equals($Here, $s['Here']) -and $s['Reason'] -ne 'shell' -and $s['Reason'] -ne 'off') {
      $left = 'on leaving its directory'
    }
    if ($left.Length -gt 0 -and $s['Names'].Length -gt 0) {
      __llmenv_say "$text, so ``$($s['Profile'])`` was taken out of this shell $left"
      $null = __llmenv_apply 'prompt' "state`tapply`tnone`t-`t0`t-`nend`t`n"
      $s['Told'] = $true
      return
    }
    # An address changed by hand, and nobody there to say where it leads: no key of ours stays beside it.
    $names = $s['Names']; $values = $s['Values']; $seen = $s['Seen']
    for ($i = 0; $i -lt $names.Length; $i++) {
      $value = [Environment]::GetEnvironmentVariable($names[$i])
      $found = [regex]::Match($names[$i], '\A([A-Z]+_)(?:[A-Z]+_)?(?:BASE_URL|API_BASE)\z')
      if (-not $found.Success -or [object]::Equals($value, $seen[$i]) -or [object]::Equals($value, $values[$i])) { continue }
      $isOut = $false
      for ($j = 0; $j -lt $names.Length; $j++) {
        if ($names[$j].StartsWith($found.Groups[1].Value, [StringComparison]::Ordinal) -and $null -ne $values[$j] -and
          [object]::Equals([Environment]::GetEnvironmentVariable($names[$j]), $values[$j])) {
          [Environment]::SetEnvironmentVariable($names[$j], [NullString]::Value)
          $isOut = $true
        }
      }
      if ($isOut) {
        __llmenv_say ("$($names[$i]) was changed and $text, so the key of ``$($s['Profile'])`` was taken out of this shell " +
          '(pair-mixed)')
        $s['Told'] = $true
      }
    }
    for ($i = 0; $i -lt $names.Length; $i++) { $seen[$i] = [Environment]::GetEnvironmentVariable($names[$i]) }
    if (-not $s['Told']) { __llmenv_say "$text; ``llmenv daemon status`` says more" }
    $s['Told'] = $true
  }

  # The first prompt: what was inherited is looked at, kept or dropped, before anything runs.
  function global:__llmenv_start {
    [Diagnostics.DebuggerHidden()]param([string]$Here)
    $s = $global:__llmenv
    $s['First'] = $false
    $from = ''
    $inherited = [regex]::Match([string][Environment]::GetEnvironmentVariable('LLMENV_STATE'),
      '\A1:([0-9]+\.[0-9]+):([a-z]+):([0-9]{1,11}):([0-9a-z-]*):([A-Za-z0-9_,]*)\z')
    if ($inherited.Success) {
      $from = $inherited.Groups[1].Value
      $s['Reason'] = $inherited.Groups[2].Value
      $s['Lease'] = $inherited.Groups[3].Value
      $s['Until'] = __llmenv_ticks $s['Lease']
      $s['Mark'] = $inherited.Groups[4].Value.Trim([char]45)
      $profileName = [string][Environment]::GetEnvironmentVariable('LLMENV_PROFILE')
      if ([regex]::IsMatch($profileName, '\A[a-z0-9][a-z0-9_-]{0,31}\z')) { $s['Profile'] = $profileName }
      $names = [Collections.ArrayList]@()
      foreach ($name in $inherited.Groups[5].Value.Split([char]44)) {
        if ((__llmenv_is_allowed $name) -and -not $names.Contains($name)) { $null = $names.Add($name) }
      }
      # Inherited names are llmenv's; before it there was nothing.
      $s['Names'] = $names.ToArray()
      $s['Values'] = [object[]]::new($names.Count)
      $s['Seen'] = [object[]]::new($names.Count)
      $s['Olds'] = [object[]]::new($names.Count)
      for ($i = 0; $i -lt $names.Count; $i++) {
        $s['Values'][$i] = $s['Seen'][$i] = [Environment]::GetEnvironmentVariable($names[$i])
      }
    }
    $how = __llmenv_ask 'start' $Here $from
    if ($how.Length -eq 0) { return }
    $s['Here'] = $Here
    # Without an answer only a choice of the shell right above this one is known to be meant here.
    if ($s['Names'].Length -gt 0 -and -not (__llmenv_is_right_above $from)) {
      $null = __llmenv_apply 'prompt' "state`tapply`tnone`t-`t0`t-`nend`t`n"
    }
    __llmenv_failed $how '' $Here
  }

  # From seconds since 1970, 0 for never, as answers have them.
  function global:__llmenv_ticks {
    [Diagnostics.DebuggerHidden()]param([long]$Seconds)
    if ($Seconds -eq 0) { 0L } else { [DateTime]::new(1970, 1, 1).AddSeconds($Seconds).Ticks }
  }

  function global:__llmenv_is_right_above {
    [Diagnostics.DebuggerHidden()]param([string]$From)
    $number = $From.Substring(0, $From.IndexOf('.'))
    if ($number -eq "$PID") { return $true }
    try {
      # PowerShell 7 adds `Parent` to a process; in 5.1 an inherited choice without an answer goes.
      $parent = ([psobject][Diagnostics.Process]::GetCurrentProcess()).PSObject.Properties['Parent']
      return $null -ne $parent -and $null -ne $parent.Value -and "$($parent.Value.Id)" -eq $number
    } catch {
      __llmenv_forget $_
      return $false
    }
  }

  # Names that steer a shell, a loader or an interpreter are refused here too, whoever sends them.
  function global:__llmenv_is_allowed {
    [Diagnostics.DebuggerHidden()]param([string]$Name)
    if ([object]::Equals($Name, 'LLMENV_TOKEN')) { return $true }
    if (-not [regex]::IsMatch($Name, '\A[A-Za-z_][A-Za-z0-9_]{0,127}\z')) { return $false }
    -not [regex]::IsMatch($Name, '\A(?:PATH|HOME|USER|LOGNAME|SHELL|ENV|IFS|CDPATH|SHELLOPTS|ZDOTDIR|PROMPT|RPROMPT' +
      '|PROMPT_COMMAND|PWD|OLDPWD|TERM|TERMINFO|TMPDIR|TEMP|TMP|EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|NODE_OPTIONS|NODE_PATH' +
      '|RUBYOPT|RUBYLIB|PERL5OPT|PERL5LIB|PERL5DB|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH|COMSPEC|PATHEXT' +
      '|SYSTEMROOT|SYSTEMDRIVE|WINDIR|APPDATA|LOCALAPPDATA|USERPROFILE|HTTPS?_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_(?:FILE|DIR)' +
      '|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|DBUS_SESSION_BUS_ADDRESS' +
      '|CODEX_HOME|CLAUDE_CONFIG_DIR|RUSTC_WRAPPER|CC|CXX|MAKEFLAGS|LESSOPEN|LESSCLOSE|FPATH|MAILPATH|HISTFILE|INPUTRC|LOCPATH' +
      '|GCONV_PATH|HOSTALIASES|RESOLV_HOST_CONF|OPENSSL_CONF|_|UID|EUID|PPID|SECONDS|RANDOM|REPLY|STATUS|ARGV' +
      '|(?:LD|DYLD|FISH|GIT|XDG|LLMENV|CARGO|NPM_CONFIG|PIP|MALLOC|ZSH|GLIBC|DOTNET|CORECLR|COR|COMPLUS)_.*' +
      '|BASH.*|PS.*|PYTHON.*|POWERSHELL.*|__LLMENV.*)\z', 'IgnoreCase, CultureInvariant')
  }

  # Applies an answer as one piece and gives $true, or changes nothing and gives $false.
  function global:__llmenv_apply {
    [Diagnostics.DebuggerHidden()]param($Why, $Text)
    $s = $global:__llmenv
    $oldNames = $s['Names']; $oldValues = $s['Values']; $oldOlds = $s['Olds']
    $at = $Text.LastIndexOf("end`t", [StringComparison]::Ordinal)
    if ($at -lt 0) { return $false }
    $end = $Text.Substring($at + 4).TrimEnd([char]10)
    if (-not [regex]::IsMatch($end, '\A[0-9A-Za-z:.-]{0,80}\z')) { return $false }
    $body = $Text.Substring(0, $at)
    if ([object]::Equals($body, $s['Text']) -and $Why -ne 'choose') {
      # The same as is applied already, unless somebody has changed something since.
      $isSame = $true
      for ($i = 0; $i -lt $oldNames.Length; $i++) {
        if (-not [object]::Equals([Environment]::GetEnvironmentVariable($oldNames[$i]), $oldValues[$i])) { $isSame = $false }
      }
      foreach ($name in $s['Rivals']) { if ($null -ne [Environment]::GetEnvironmentVariable($name)) { $isSame = $false } }
      if ($isSame) {
        $s['Generation'] = "$end`n"
        return $true
      }
    }
    $state = $null; $id = ''
    $names = [Collections.ArrayList]@(); $values = [Collections.ArrayList]@(); $rivals = [Collections.ArrayList]@()
    $says = [Collections.ArrayList]@(); $yours = [Collections.ArrayList]@()
    $fit = $s['Fit']
    foreach ($line in $body.Split([char]10)) {
      $part = $line.Split([char]9)
      $word = $part[0]
      if ($word -ceq 'unset' -or $word -ceq 'set') {
        if ($part.Length -lt 2) { return $false }
        $name = $part[1]
        if ($null -eq $fit[$name]) {
          if (-not (__llmenv_is_allowed $name)) { return $false }
          $fit[$name] = $true
        }
        if ($names.Contains($name) -or $rivals.Contains($name)) { return $false }
        if ($word -ceq 'unset') {
          if ($part.Length -ne 2) { return $false }
          # Nothing there and nothing wanted: nothing to keep in mind.
          if ([Array]::IndexOf($oldNames, $name) -lt 0 -and $null -eq [Environment]::GetEnvironmentVariable($name)) {
            $null = $rivals.Add($name)
            continue
          }
          $null = $names.Add($name); $null = $values.Add($null)
          continue
        }
        # A longer value than this no variable takes on Windows; an empty one would unset it in some versions.
        if ($part.Length -ne 3 -or $part[2].Length -eq 0 -or $part[2].Length -gt 32766 -or
          [regex]::IsMatch($part[2], '[\x00-\x1f\x7f-\x9f]')) { return $false }
        $null = $names.Add($name); $null = $values.Add($part[2])
      } elseif ($word -ceq 'state') {
        if ($null -ne $state -or -not [regex]::IsMatch($line, '\Astate\t(?:apply|keep)\t[a-z]{1,16}\t' +
            '(?:-|[a-z0-9][a-z0-9_-]{0,31})\t[0-9]{1,11}\t[0-9a-z-]{0,32}\z')) { return $false }
        $state = $part
      } elseif ($word -ceq 'yours') { $null = $yours.Add($part[$part.Length - 1])
      } elseif ($word -ceq 'say' -and $part.Length -gt 1) {
        $null = $says.Add([regex]::Replace($line.Substring(4), '[\x00-\x1f\x7f-\x9f]', '?'))
      } elseif ($word -ceq 'shell' -and [regex]::IsMatch($line, "\Ashell\t$PID\.[0-9]{1,20}\z")) { $id = $part[1] }
    }
    if ($null -eq $state) { return $false }
    if ($id.Length -gt 0 -and -not [object]::Equals($id, $s['Id'])) {
      $s['Id'] = $id
      $s['Start'] = $id.Substring($id.IndexOf('.') + 1)
      $s['File'] = [IO.Path]::Combine($s['StateDir'], 'shells', $id)
    }
    foreach ($say in $says) { __llmenv_say $say }
    if ($state[1] -ceq 'keep') { return $true }
    $profileName = $state[3]; if ($profileName -ceq '-') { $profileName = '' }
    $mark = $state[5]; if ($mark -ceq '-') { $mark = '' }
    $same = $Why -ne 'choose' -and [object]::Equals($profileName, $s['Profile'])

    # What each name was before llmenv, what it is to be, and which names go back.
    $keptNames = [Collections.ArrayList]@(); $keptValues = [Collections.ArrayList]@()
    $keptSeen = [Collections.ArrayList]@(); $keptOlds = [Collections.ArrayList]@()
    $writeNames = [Collections.ArrayList]@(); $writeValues = [Collections.ArrayList]@()
    for ($i = 0; $i -lt $names.Count; $i++) {
      $name = $names[$i]
      $value = $values[$i]
      $present = [Environment]::GetEnvironmentVariable($name)
      $at = [Array]::IndexOf($oldNames, $name)
      $seen = $value
      if ($at -lt 0) { $old = $present
      } elseif ($yours.Contains($name)) { $old = $present
      } elseif ([object]::Equals($present, $oldValues[$at])) { $old = $oldOlds[$at]
      } elseif ($same) {
        # Changed by hand while the profile stays: it is the user's until something is chosen.
        $value = $oldValues[$at]; $old = $oldOlds[$at]; $seen = $present
      } else { $old = $present }
      $null = $keptNames.Add($name); $null = $keptValues.Add($value); $null = $keptSeen.Add($seen); $null = $keptOlds.Add($old)
      if (-not [object]::Equals($present, $seen)) { $null = $writeNames.Add($name); $null = $writeValues.Add($seen) }
    }
    for ($at = 0; $at -lt $oldNames.Length; $at++) {
      $name = $oldNames[$at]
      if ($names.Contains($name) -or $yours.Contains($name)) { continue }
      $present = [Environment]::GetEnvironmentVariable($name)
      if ([object]::Equals($present, $oldValues[$at]) -and -not [object]::Equals($present, $oldOlds[$at])) {
        $null = $writeNames.Add($name); $null = $writeValues.Add($oldOlds[$at])
      }
    }

    # Whatever changes is first taken away, so that a break in between leaves no mixed pair.
    $done = $false
    try {
      foreach ($name in $writeNames) { [Environment]::SetEnvironmentVariable($name, [NullString]::Value) }
      for ($i = 0; $i -lt $writeNames.Count; $i++) {
        if ($null -ne $writeValues[$i]) { [Environment]::SetEnvironmentVariable($writeNames[$i], $writeValues[$i]) }
      }
      $done = $true
    } finally {
      if (-not $done) {
        foreach ($name in $writeNames) { [Environment]::SetEnvironmentVariable($name, [NullString]::Value) }
      }
    }
    $s['Names'] = $keptNames.ToArray(); $s['Values'] = $keptValues.ToArray()
    $s['Seen'] = $keptSeen.ToArray(); $s['Olds'] = $keptOlds.ToArray()
    $s['Reason'] = $state[2]; $s['Profile'] = $profileName; $s['Lease'] = $state[4]; $s['Mark'] = $mark
    $s['Until'] = __llmenv_ticks $state[4]
    if ($end.Length -gt 0) { $s['Generation'] = "$end`n" }
    # What is said is said once; the rest is compared with the next answer.
    $s['Text'] = $body; if ($says.Count -gt 0 -or $yours.Count -gt 0) { $s['Text'] = '' }
    $s['Rivals'] = $rivals.ToArray()
    if ($profileName.Length -gt 0) { [Environment]::SetEnvironmentVariable('LLMENV_PROFILE', $profileName) }
    else { [Environment]::SetEnvironmentVariable('LLMENV_PROFILE', [NullString]::Value) }
    if ($state[2] -ceq 'none' -and $keptNames.Count -eq 0) {
      [Environment]::SetEnvironmentVariable('LLMENV_STATE', [NullString]::Value)
    } else {
      [Environment]::SetEnvironmentVariable('LLMENV_STATE', [string]::Join(':', [string[]]('1', $s['Id'], $state[2], $state[4],
            $state[5], [string]::Join(',', $s['Names']))))
    }
    return $true
  }

  function global:__llmenv_say {
    [Diagnostics.DebuggerHidden()]param([string]$Text)
    $Host.UI.WriteLine("llmenv: $Text")
  }

  # Takes what was caught out of `$Error` again.
  function global:__llmenv_forget {
    [Diagnostics.DebuggerHidden()]param($Caught)
    for ($i = 0; $i -lt 8 -and $global:Error.Count -gt 0; $i++) {
      $exception = $global:Error[0]
      if ($exception -is [Management.Automation.ErrorRecord]) { $exception = $exception.Exception }
      if (-not [object]::ReferenceEquals($exception, $Caught.Exception)) { return }
      $global:Error.RemoveAt(0)
    }
  }

  # Fails without a trace, for `$?` to be as it was. Called with `-ErrorAction Ignore`.
  function global:__llmenv_fail {
    [Diagnostics.DebuggerHidden()][CmdletBinding()]param()
    $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new([Exception]::new(''), 'llmenv', 0, $null))
  }

  # llmenv use, off, allow, deny, lock, unlock: done by the program, applied here before this returns. Gives the status.
  function global:__llmenv_choose {
    [Diagnostics.DebuggerHidden()]param([object[]]$Words)
    $s = $global:__llmenv
    $s['Busy'] = $true
    try {
      $here = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
      if ($s['First']) { __llmenv_start $here }
      $before = 'auto'
      if ($s['Reason'] -eq 'shell') { $before = "use $($s['Profile'])" }
      if ($s['Reason'] -eq 'off') { $before = 'off' }
      $profileName = $s['Profile']; if ($profileName.Length -eq 0) { $profileName = '-' }
      $mark = $s['Mark']; if ($mark.Length -eq 0) { $mark = '-' }
      $names = $s['Names']; $values = $s['Values']
      $differ = [Collections.ArrayList]@()
      for ($i = 0; $i -lt $names.Length; $i++) {
        $value = [Environment]::GetEnvironmentVariable($names[$i])
        if (-not [object]::Equals($value, $values[$i])) { $null = $differ.Add($names[$i]) }
      }
      $fields = [object[]]('hook', 'apply', 'why=choose', "previous=$($s['Previous'])", 'shell=powershell', "pid=$PID",
        "start=$($s['Start'])", "reason=$($s['Reason'])", "profile=$profileName",
        "lease=$($s['Lease'])", "mark=$mark", 'signals=0', "names=$([string]::Join(',', $names))",
        "changed=$([string]::Join(',', $differ.ToArray()))", '--')
      $process = __llmenv_process ($fields + $Words) $here $false
      $answer = $process.StandardOutput.ReadToEnd()
      $process.WaitForExit()
      $code = $process.ExitCode
      if ($code -eq 0 -and $answer.Length -gt 0) {
        if (-not (__llmenv_is_whole $answer) -or -not (__llmenv_apply 'choose' $answer)) {
          __llmenv_say "the daemon's answer cannot be used, so nothing was changed"
          return 1
        }
        if ($Words[0] -eq 'use' -or $Words[0] -eq 'off') { $s['Previous'] = $before }
        $s['Place'] = $ExecutionContext.SessionState.Path.CurrentLocation.Path
        $s['Here'] = $here; $s['Silent'] = $null; $s['Absent'] = $false; $s['Told'] = $false
      }
      return $code
    } catch {
      __llmenv_say "cannot run $($s['Program']): $($_.Exception.GetBaseException().Message)"
      __llmenv_forget $_
      return 127
    } finally { $s['Busy'] = $false }
  }

  # What was typed after the function's name, as a program would have got it: PowerShell keeps the first `--` from a
  # function, takes `-a:b` apart and makes a list of `a,b`.
  function global:__llmenv_words {
    [Diagnostics.DebuggerHidden()]param([object[]]$Given, [string]$Called, [string]$Statement)
    $plain = [Collections.ArrayList]@()
    foreach ($value in $Given) {
      if ($value -is [array]) { foreach ($one in $value) { $null = $plain.Add($one) } } else { $null = $plain.Add($value) }
    }
    $isPlain = -not [regex]::IsMatch($Statement, '\s--\s|,|\s-\w+:')
    foreach ($value in $Given) { if ($value -isnot [string]) { $isPlain = $false } }
    if ($isPlain) { return $plain.ToArray() }
    $tokens = $null; $errors = $null
    $tree = [Management.Automation.Language.Parser]::ParseInput($Statement, [ref]$tokens, [ref]$errors)
    foreach ($command in $tree.FindAll({
        [Diagnostics.DebuggerHidden()]param($Node) $Node -is [Management.Automation.Language.CommandAst] }, $true)) {
      if ($command.GetCommandName() -ne $Called) { continue }
      # How many of the given each element stands for: none for `--`, whatever is left for one `@list`.
      $sizes = [Collections.ArrayList]@()
      $left = $Given.Length
      $splat = -1
      $hasEnd = $false
      $isSame = $true
      foreach ($element in $command.CommandElements) {
        $size = 1
        if ($sizes.Count -eq 0) { $size = 0 }
        if ($element.Extent.Text -ceq '--' -and -not $hasEnd) { $size = 0; $hasEnd = $true }
        if ($element -is [Management.Automation.Language.CommandParameterAst] -and $null -ne $element.Argument) { $size = 2 }
        if ($element -is [Management.Automation.Language.VariableExpressionAst] -and $element.Splatted) {
          if ($splat -ge 0) { $isSame = $false }
          $splat = $sizes.Count
          $size = 0
        }
        $left -= $size
        $null = $sizes.Add($size)
      }
      if ($splat -ge 0) { $sizes[$splat] = $left; $left = 0 }
      if (-not $isSame -or $left -ne 0) { continue }
      $words = [Collections.ArrayList]@()
      $at = 0
      for ($i = 1; $i -lt $sizes.Count; $i++) {
        $element = $command.CommandElements[$i]
        if ($sizes[$i] -eq 0 -and $i -ne $splat) { $null = $words.Add('--'); continue }
        if ($i -eq $splat) {
          for ($end = $at + $sizes[$i]; $at -lt $end; $at++) { $null = $words.Add($Given[$at]) }
          continue
        }
        $value = $Given[$at]
        if ($sizes[$i] -eq 2) { $value = "-$($element.ParameterName):$($Given[$at + 1])"
        } elseif ($element -is [Management.Automation.Language.ArrayLiteralAst]) { $value = [string]::Join(',', $value)
        } elseif ($element -is [Management.Automation.Language.StringConstantExpressionAst]) {
          if ($element.Value -cne "$value") { $isSame = $false }
        } elseif ($element -is [Management.Automation.Language.ConstantExpressionAst]) { $value = $element.Extent.Text }
        if ($value -is [array]) { foreach ($one in $value) { $null = $words.Add($one) } } else { $null = $words.Add($value) }
        $at += $sizes[$i]
      }
      if ($isSame) { return $words.ToArray() }
    }
    return $plain.ToArray()
  }

  # Explains a line of another shell instead of running it. Gives $true where it did. Never shows a value.
  function global:__llmenv_explain {
    [Diagnostics.DebuggerHidden()]param([string]$Line)
    if ([Environment]::GetEnvironmentVariable('LLMENV_HOOK') -eq '0') { return $false }
    $tokens = $null; $errors = $null
    $tree = [Management.Automation.Language.Parser]::ParseInput($Line, [ref]$tokens, [ref]$errors)
    foreach ($command in $tree.FindAll({
        [Diagnostics.DebuggerHidden()]param($Node) $Node -is [Management.Automation.Language.CommandAst] }, $false)) {
      $word = [string]$command.GetCommandName()
      if ($word -ne 'export' -and $word -ne 'set' -and $word -ne 'setx') { continue }
      $names = [Collections.ArrayList]@()
      for ($i = 1; $i -lt $command.CommandElements.Count; $i++) {
        $shape = '\A["'']?([A-Za-z_][A-Za-z0-9_]*)='
        if ($word -eq 'setx') { $shape = '\A["'']?([A-Za-z_][A-Za-z0-9_]*)["'']?\z' }
        $found = [regex]::Match($command.CommandElements[$i].Extent.Text, $shape)
        if ($found.Success -and ($word -ne 'setx' -or ($i -eq 1 -and $command.CommandElements.Count -gt 2))) {
          $null = $names.Add($found.Groups[1].Value)
        }
      }
      if ($names.Count -eq 0) { continue }
      # A function or program of that name knows what it does, one that this very line makes too.
      if ([regex]::IsMatch($Line, "\bfunction\s+(?:\w+:)?$word\b", 'IgnoreCase')) { continue }
      $known = $ExecutionContext.InvokeCommand.GetCommand($word, 'Alias, Function, Cmdlet, Application')
      if ($word -eq 'set') {
        if ($null -eq $known -or $known.CommandType -ne 'Alias' -or $known.Definition -ne 'Set-Variable') { continue }
        $what = "``set NAME=value`` makes a PowerShell variable whose name is the whole text, and no program sees it"
      } elseif ($word -eq 'setx' -and $null -ne $known) {
        __llmenv_say ("``setx`` writes $($names[0]) in clear into the registry, for programs started later; " +
          'this window does not get it')
        __llmenv_explain_more $word $names $Line
        return $false
      } elseif ($null -ne $known) { continue
      } else { $what = "PowerShell has no ``$word``" }
      __llmenv_say "$what; the line was not run and nothing was set"
      __llmenv_explain_more $word $names $Line
      return $true
    }
    return $false
  }

  function global:__llmenv_explain_more {
    [Diagnostics.DebuggerHidden()]param([string]$Word, $Names, [string]$Line)
    foreach ($name in $Names) { $Host.UI.WriteLine("  in this window:   `$env:$name = '...'") }
    # The rest is about what must not be read by others.
    if (-not [regex]::IsMatch([string]::Join(' ', $Names.ToArray()), 'KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH',
        'IgnoreCase, CultureInvariant')) { return }
    $Host.UI.WriteLine('  to keep a key:    llmenv add                 asks for it and stores it; no file and no history has it')
    try {
      $options = [Microsoft.PowerShell.PSConsoleReadLine]::GetOptions()
      $path = [string]$options.HistorySavePath
      $isThere = $options.HistorySaveStyle -eq 'SaveAtExit'
      if ($options.HistorySaveStyle -eq 'SaveIncrementally' -and [IO.File]::Exists($path)) {
        # What PSReadLine takes for sensitive it does not write; `API_KEY` is not among that.
        $stream = [IO.FileStream]::new($path, 'Open', 'Read', 'ReadWrite, Delete')
        try {
          $length = [int][Math]::Min($stream.Length, 65536)
          $null = $stream.Seek(-$length, 'End')
          $bytes = [byte[]]::new($length)
          $length = $stream.Read($bytes, 0, $length)
        } finally { $stream.Dispose() }
        $first = $Line.Split([char]10)[0].TrimEnd()
        $isThere = [Text.Encoding]::UTF8.GetString($bytes, 0, $length).IndexOf($first, [StringComparison]::Ordinal) -ge 0
      }
      if (-not $isThere) { return }
      $quoted = "'" + [regex]::Replace($path, "(['\u2018-\u201b])", '$1$1') + "'"
      $Host.UI.WriteLine('  what you typed, value included, is in the history file of PSReadLine; to take it out of there and of this window:')
      $Host.UI.WriteLine("    [Microsoft.PowerShell.PSConsoleReadLine]::ClearHistory(); `$f = $quoted")
      $Host.UI.WriteLine("    @(Get-Content -LiteralPath `$f -Encoding utf8) -notmatch '$Word .*$($Names[0])' |" +
        ' Set-Content -LiteralPath $f -Encoding utf8')
    } catch { __llmenv_forget $_ }
  }

  # Wraps a function that is there already, or is there again: each has a slot of its own, since tools may wrap ours and be
  # wrapped once more.
  function global:__llmenv_wrap {
    [Diagnostics.DebuggerHidden()]param([string]$Name)
    $s = $global:__llmenv
    $slot = "$Name$($s['Wrapped'].Count)"
    $own = $s['OwnPrompt']; if ($Name -eq 'ReadLine') { $own = $s['OwnReadLine'] }
    $own = [scriptblock]::Create("$own".Replace("['Wrapped']['$Name']", "['Wrapped']['$slot']"))
    if ($Name -eq 'ReadLine') {
      $s['Wrapped'][$slot] = $function:PSConsoleHostReadLine
      ${function:global:PSConsoleHostReadLine} = $own
      $s['ReadLine'] = $function:PSConsoleHostReadLine
    } else {
      $s['Wrapped'][$slot] = $function:prompt
      ${function:global:prompt} = $own
      $s['Prompt'] = $function:prompt
    }
  }

  # PSReadLine imported anew brings its own function back; what another tool put around ours stays.
  function global:__llmenv_attach {
    [Diagnostics.DebuggerHidden()]param()
    $inner = $function:PSConsoleHostReadLine
    if ($null -ne $inner -and "$($inner.Module)" -eq 'PSReadLine') { __llmenv_wrap 'ReadLine' }
  }

  # Written so that it stands alone: without the rest it is the program.
  try {
  function global:llmenv {
    [Diagnostics.DebuggerHidden()]param()
    $program = __LLMENV_PROGRAM__
    if (-not [IO.File]::Exists($program)) {
      $program = $ExecutionContext.InvokeCommand.GetCommand('llmenv', 'Application')
      if ($null -eq $program) { throw 'the program llmenv is not on PATH' }
    }
    $words = $args
    $global:LASTEXITCODE = 0
    $isHooked = $function:__llmenv_choose -and $ExecutionContext.SessionState.PSVariable.Get('global:__llmenv')
    if ($isHooked -and $args.Count -gt 0) {
      try {
        $statement = [string]$MyInvocation.Line
        foreach ($frame in $Host.Runspace.Debugger.GetCallStack()) {
          # The first is this function itself.
          if ("$($frame.FunctionName)" -notlike '*llmenv*') { $statement = $frame.Position.Text; break }
        }
        $words = @(__llmenv_words $args $MyInvocation.InvocationName $statement)
      } catch { __llmenv_forget $_ }
    }
    $isChoice = $isHooked -and $words.Count -gt 0 -and
      @('use', 'off', 'allow', 'deny', 'lock', 'unlock') -ccontains "$($words[0])" -and
      [Environment]::GetEnvironmentVariable('LLMENV_HOOK') -ne '0' -and
      -not ($words -ccontains '--help' -or $words -ccontains '-h' -or $words -ccontains '--json')
    if ($isChoice) { $global:LASTEXITCODE = [int](__llmenv_choose $words) }
    elseif ($MyInvocation.ExpectingInput) { $input | & $program @words }
    else { & $program @words }
    if ($isHooked -and $global:LASTEXITCODE -ne 0) {
      # `$?` is to be false as after any program that failed, so that `llmenv use x && claude` stops. Only advanced functions
      # can say so, and those would take `-v` and `-f` for themselves. Where PowerShell is built otherwise, the status
      # alone tells.
      try {
        $any = [Reflection.BindingFlags]'NonPublic, Public, Instance'
        $at = $ExecutionContext.GetType().GetField('_context', $any).GetValue($ExecutionContext)
        foreach ($name in 'CurrentCommandProcessor', 'CommandRuntime', 'PipelineProcessor') {
          $at = $at.GetType().GetProperty($name, $any).GetValue($at)
        }
        $at.GetType().GetProperty('ExecutionFailed', $any).SetValue($at, $true)
      } catch { __llmenv_forget $_ }
    }
  }
  } catch {
    __llmenv_say 'a read-only function `llmenv` is in the way, so `llmenv use` cannot change this shell'
    __llmenv_forget $_
  }
  if ($null -ne $alias:llmenv) {
    __llmenv_say 'an alias `llmenv` hides the function of that name, so `llmenv use` cannot change this shell'
  }

  # Opt-in: `$global:LLMENV_EXPORT = $true` before this is loaded.
  if ($ExecutionContext.SessionState.PSVariable.GetValue('global:LLMENV_EXPORT')) {
    function global:export {
      [Diagnostics.DebuggerHidden()]param()
      $names = [Collections.ArrayList]@(); $values = [Collections.ArrayList]@()
      foreach ($word in $args) {
        # PowerShell makes a list of `a,b`.
        if ($word -is [array]) { $word = [string]::Join(',', $word) }
        $found = [regex]::Match([string]$word, '\A([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)\z')
        if (-not $found.Success) {
          $Host.UI.WriteLine('llmenv: export takes NAME=value; nothing was set. ' +
            "A value with blanks or any of ; & | { } ( ) needs '...'")
          return
        }
        $value = $found.Groups[2].Value
        # What a paste brings along and no key has: edges, line ends, zero-width and other invisible characters.
        $clean = [regex]::Replace($value,
          '[\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]', '').Trim()
        if ($clean.Length -gt 1) { $clean = [regex]::Replace($clean, "\A[`"'\u2018-\u201f](.*)[`"'\u2018-\u201f]\z", '$1') }
        if ($clean.Length -ne $value.Length) {
          $count = $value.Length - $clean.Length
          $Host.UI.WriteLine("llmenv: $count characters that no key has were taken off $($found.Groups[1].Value)")
        }
        $null = $names.Add($found.Groups[1].Value); $null = $values.Add($clean)
      }
      for ($i = 0; $i -lt $names.Count; $i++) { [Environment]::SetEnvironmentVariable($names[$i], $values[$i]) }
    }
  }

  # What stood outermost when ours last ran has ours inside: loading again adds nothing there.
  try {
    if (-not $function:prompt) {
    } elseif ($null -eq $global:__llmenv['OwnPrompt']) {
      $global:__llmenv['Wrapped']['Prompt'] = $function:prompt
      # Nothing changed is the usual case: a read and a few comparisons, no process, no socket, and no function called,
      # since a call costs more than all of them.
      function global:prompt {
        [Diagnostics.DebuggerHidden()]param()
        $__llmenv_ok = $?
        try {
          $__llmenv_s = $global:__llmenv
          $__llmenv_s['Looked'] = $true
          $__llmenv_due = $__llmenv_s['First'] -or $__llmenv_s['Absent'] -or
            ($__llmenv_s['Until'] -ne 0 -and [DateTime]::UtcNow.Ticks -ge $__llmenv_s['Until'])
          if ($__llmenv_s['File'].Length -gt 0) {
            $__llmenv_now = [IO.File]::ReadAllText($__llmenv_s['File'])
            if (-not [object]::Equals($__llmenv_now, $__llmenv_s['Generation'])) { $__llmenv_due = $true }
          }
          if (-not [object]::Equals($PWD.Path, $__llmenv_s['Place'])) { $__llmenv_due = $true }
          $__llmenv_names = $__llmenv_s['Names']; $__llmenv_seen = $__llmenv_s['Seen']
          for ($__llmenv_i = 0; $__llmenv_i -lt $__llmenv_names.Length; $__llmenv_i++) {
            if (-not [object]::Equals([Environment]::GetEnvironmentVariable($__llmenv_names[$__llmenv_i]),
                $__llmenv_seen[$__llmenv_i])) { $__llmenv_due = $true }
          }
        } catch { $__llmenv_due = $true; if ($function:__llmenv_forget) { $null = __llmenv_forget $_ } }
        try {
          if ($__llmenv_due) { $null = __llmenv_look; $global:__llmenv['Prompt'] = $function:prompt }
          if (-not $global:__llmenv['Read']) { $null = __llmenv_attach }
          $global:__llmenv['Read'] = $false
        } catch { if ($function:__llmenv_forget) { $null = __llmenv_forget $_ } }
        if (-not $__llmenv_ok -and $function:__llmenv_fail) { __llmenv_fail -ErrorAction Ignore }
        & $global:__llmenv['Wrapped']['Prompt']
      }
      $global:__llmenv['OwnPrompt'] = $global:__llmenv['Prompt'] = $function:prompt
    } elseif (-not [object]::ReferenceEquals($function:prompt, $global:__llmenv['Prompt'])) { __llmenv_wrap 'Prompt' }
  } catch { __llmenv_forget $_ }
  try {
    if (-not $function:PSConsoleHostReadLine) {
    } elseif ($null -eq $global:__llmenv['OwnReadLine']) {
      $global:__llmenv['Wrapped']['ReadLine'] = $function:PSConsoleHostReadLine
      # Whatever this gives besides the line typed would be run for it.
      function global:PSConsoleHostReadLine {
        [Diagnostics.DebuggerHidden()]param()
        $__llmenv_ok = $?
        try {
          if (-not $global:__llmenv['Looked']) { $null = __llmenv_look }
        } catch { if ($function:__llmenv_forget) { $null = __llmenv_forget $_ } }
        if (-not $__llmenv_ok -and $function:__llmenv_fail) { __llmenv_fail -ErrorAction Ignore }
        $__llmenv_line = & $global:__llmenv['Wrapped']['ReadLine']
        # As in `prompt`: no function is called for a line that has nothing to do with this.
        try {
          $__llmenv_s = $global:__llmenv
          $__llmenv_s['Looked'] = $false; $__llmenv_s['Read'] = $true
          if ($__llmenv_s['Names'].Length -gt 0 -and
            -not [object]::Equals([IO.File]::ReadAllText($__llmenv_s['File']), $__llmenv_s['Generation'])) { $null = __llmenv_push }
        } catch { if ($function:__llmenv_forget) { $null = __llmenv_forget $_ } }
        try {
          if ($__llmenv_line -is [string] -and $global:__llmenv['Foreign'].IsMatch($__llmenv_line) -and
            (__llmenv_explain $__llmenv_line)) { $__llmenv_line = '' }
        } catch { if ($function:__llmenv_forget) { $null = __llmenv_forget $_ } }
        $__llmenv_line
      }
      $global:__llmenv['OwnReadLine'] = $global:__llmenv['ReadLine'] = $function:PSConsoleHostReadLine
    } elseif (-not [object]::ReferenceEquals($function:PSConsoleHostReadLine, $global:__llmenv['ReadLine'])) {
      __llmenv_wrap 'ReadLine'
    }
  } catch { __llmenv_forget $_ }
  # A directory entered in the middle of a line counts for the next command of that line.
  if ($PSEdition -eq 'Core' -and -not $global:__llmenv['Cd']) {
    try {
      $__llmenv_commands = $ExecutionContext.SessionState.InvokeCommand
      $__llmenv_before = $__llmenv_commands.LocationChangedAction
      $__llmenv_commands.LocationChangedAction = {
        [Diagnostics.DebuggerHidden()]param()
        try { if (-not $global:__llmenv['First']) { $null = __llmenv_look } } catch { __llmenv_forget $_ }
      }
      if ($null -ne $__llmenv_before) {
        $__llmenv_commands.LocationChangedAction = [Delegate]::Combine($__llmenv_before, $__llmenv_commands.LocationChangedAction)
      }
      $global:__llmenv['Cd'] = $true
    } catch { __llmenv_forget $_ }
  }
  # Asked for where no prompt is drawn.
  if (-not $function:PSConsoleHostReadLine -or [Console]::IsInputRedirected) { $null = __llmenv_look }
}
