"""PowerShell's rows of `prompt`: what the hook adds to a prompt, what a refresh and a change of directory cost, and loading.

Takes the home that `prompt` made. Everything runs in interactive shells on a pseudo-terminal, since elsewhere the hook does
nothing. Gives figures in microseconds by row, as `prompt` does for the other shells.
"""
import os, pathlib, pty, select, shutil, sys, time

LINES = {
    "load": '. ([scriptblock]::Create((& llmenv init powershell) -join "`n"))',
    "piped": "llmenv init powershell | Out-String | Invoke-Expression",
}
HEAD = r'''
Set-PSReadLineOption -HistorySaveStyle SaveNothing
function prompt { '> ' }
$file = [IO.StreamWriter]::new($env:BENCH_FIGURES)
$tick = 1e6 / [Diagnostics.Stopwatch]::Frequency
'''
# What is short is done many times in between, each time in a loop of its own: the loop is taken off again.
PROMPT = HEAD + r'''
$before = $function:prompt
LOAD
function nothing { 'x' }
function typed { 'git status' }
$genfile = ''
function check { if ([object]::Equals([IO.File]::ReadAllText($genfile), $gen) -and [object]::Equals($PWD.Path, $here)) { 'x' } }
function row([string]$Name, [int]$Times, [scriptblock]$What) {
  $from = [Diagnostics.Stopwatch]::GetTimestamp()
  for ($i = 0; $i -lt $Times; $i++) { $null = & $What }
  $to = [Diagnostics.Stopwatch]::GetTimestamp()
  $file.WriteLine("$Name $(($to - $from) * $tick / $Times)")
}
# The line that was typed comes from a function that reads no terminal.
$global:__llmenv['Wrapped']['ReadLine'] = $function:typed
$null = prompt
$genfile = @([IO.Directory]::GetFiles("$env:BENCH_STATE/shells", "$PID.*"))[0]
for ($round = -20; $round -lt [int]$env:BENCH_ROUNDS; $round++) {
  $here = $PWD.Path; $gen = [IO.File]::ReadAllText($genfile)
  row empty 50 { nothing }
  row bare 50 { & $before }
  row check 50 { check }
  row idle-out 50 { prompt }
  $from = [Diagnostics.Stopwatch]::GetTimestamp()
  /bin/true
  $file.WriteLine("true $(([Diagnostics.Stopwatch]::GetTimestamp() - $from) * $tick)")
  row enter 1 { Set-Location pinned; prompt }
  if ("$env:OPENAI_API_KEY" -notlike 'sk-or-*') { $file.WriteLine('wrong enter') }
  row idle-in 50 { prompt }
  row read-bare 50 { typed }
  row read 50 { PSConsoleHostReadLine }
  row refresh 1 { $global:__llmenv['Generation'] = 'older'; prompt }
  if ($global:__llmenv['Generation'] -eq 'older') { $file.WriteLine('wrong refresh') }
  row leave 1 { Set-Location ..; prompt }
  if ("$env:OPENAI_API_KEY") { $file.WriteLine('wrong leave') }
  if ($round -lt 0) { $file.Flush(); $file.BaseStream.SetLength(0) }
}
$file.Dispose()
[Environment]::Exit(0)
'''
LOADING = HEAD + r'''
$from = [Diagnostics.Stopwatch]::GetTimestamp()
LOAD
$to = [Diagnostics.Stopwatch]::GetTimestamp()
$null = prompt
$shown = [Diagnostics.Stopwatch]::GetTimestamp()
$file.WriteLine("first $(($to - $from) * $tick)")
$file.WriteLine("first-prompt $(($shown - $to) * $tick)")
# Again and again in the same shell: what is left when the runtime has compiled what it needs.
for ($i = 0; $i -lt 40; $i++) {
  $global:__llmenv = $null; Remove-Variable __llmenv -Scope Global
  function global:prompt { '> ' }
  $from = [Diagnostics.Stopwatch]::GetTimestamp()
  LOAD
  $to = [Diagnostics.Stopwatch]::GetTimestamp()
  if ($i -ge 10) { $file.WriteLine("warm $(($to - $from) * $tick)") }
}
for ($i = 0; $i -lt 20; $i++) {
  $from = [Diagnostics.Stopwatch]::GetTimestamp()
  $null = & llmenv init powershell
  $to = [Diagnostics.Stopwatch]::GetTimestamp()
  $file.WriteLine("program $(($to - $from) * $tick)")
}
$file.Dispose()
[Environment]::Exit(0)
'''

IDLE = HEAD + r'''
LOAD
$null = prompt; $null = prompt
for ($i = 0; $i -lt TIMES; $i++) { $null = prompt }
$file.Dispose()
[Environment]::Exit(0)
'''


def find():
    """`LLMENV_TEST_PWSH`, as for the tests, else `pwsh` on PATH."""
    return os.environ.get("LLMENV_TEST_PWSH") or shutil.which("pwsh")


def run(command, home, body, rounds):
    """Runs a text as the profile of an interactive shell and gives the figures that it wrote."""
    profile = home.dir / ".config/powershell/profile.ps1"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(body)
    figures = home.dir / "figures"
    env = {
        **home.env, "BENCH_FIGURES": str(figures), "BENCH_ROUNDS": str(rounds), "BENCH_STATE": str(home.state),
        # How the runtime compiles: a PowerShell without machine code of its own starts with slow code else.
        **{name: value for name, value in os.environ.items() if name.startswith("DOTNET_")},
        "POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off",
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home.dir)
        os.execve(command[0], command, env)
    said, until = b"", time.monotonic() + 60 + rounds
    while time.monotonic() < until:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError:
            break
        if not read:
            break
        said += read
        # PSReadLine and the console ask where the cursor is.
        if b"\x1b[6n" in read:
            os.write(terminal, b"\x1b[1;1R")
    else:
        os.kill(pid, 9)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    if status:
        sys.exit(f"bench: PowerShell ended with {status}: {said.decode(errors='replace')[-2000:]}")
    rows = {}
    for line in figures.read_text().splitlines():
        name, value = line.split(" ", 1)
        if name == "wrong":
            sys.exit(f"bench: powershell: {value} did not do what it should")
        rows.setdefault(name, []).append(float(value))
    figures.unlink()
    return rows


def measure(pwsh, home, rounds):
    """One shell for what prompts cost, and for each way to load the hook a few new ones."""
    rows = run([pwsh, "-NoLogo"], home, PROMPT.replace("LOAD", LINES["load"]), rounds)
    for name, line in LINES.items():
        for _ in range(5):
            for row, figures in run([pwsh, "-NoLogo"], home, LOADING.replace("LOAD", line), 0).items():
                rows.setdefault(row if row == "program" else f"{name}-{row}", []).extend(figures)
    return rows


def added(rows, with_hook, without):
    """What the hook adds, round by round."""
    return [one - other for one, other in zip(rows[with_hook], rows[without])]


def count_processes(pwsh, home):
    """Processes that a hundred idle prompts start; threads do not count."""
    strace = shutil.which("strace")
    if not strace:
        return None
    counts = []
    for times in (0, 100):
        log = home.dir / "strace"
        command = [strace, "-f", "--seccomp-bpf", "-qq", "-e", "trace=fork,vfork,clone,clone3,execve", "-o", str(log), pwsh, "-NoLogo"]
        run(command, home, IDLE.replace("LOAD", LINES["load"]).replace("TIMES", str(times)), 0)
        counts.append(sum("CLONE_THREAD" not in line and "+++" not in line and "---" not in line and "resumed" not in line
                          for line in log.read_text().splitlines()))
    return counts[1] - counts[0]
