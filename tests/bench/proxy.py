#!/usr/bin/env python3
"""What the proxy costs beside a direct connection, LiteLLM and claude-code-router, in turns in one run.

usage: tests/bench/proxy.py LLMENV [REQUESTS]

LLMENV is the program (a release build: `cargo build --release`). LiteLLM (`litellm`) and claude-code-router (`ccr`)
are measured where they are on PATH, installed by name from PyPI and npm; what is missing is named at the end. Everything
runs on loopback against one scripted upstream that answers 20 deltas. Nothing is asserted: numbers are for people.
"""
import json, os, pathlib, resource, secrets, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time

PIECES = 20
DELTA = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
LAST = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":20,"total_tokens":29}}\n\ndata: [DONE]\n\n'
WHOLE = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * PIECES}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}}).encode()


def serve(connection):
    """One connection of the upstream."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = connection.makefile("rb")
    while True:
        length, line = 0, reader.readline()
        if not line:
            return
        while True:
            header = reader.readline()
            if header in (b"\r\n", b""):
                break
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        body = reader.read(length)
        if b'"stream":true' in body.replace(b" ", b""):
            chunks = [DELTA] * PIECES + [LAST]
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for chunk in chunks:
                connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            connection.sendall(b"0\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(WHOLE) + WHOLE)


def upstream():
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=quietly, args=(connection,), daemon=True).start()

    def quietly(connection):
        try:
            serve(connection)
        except OSError:
            pass

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


class Client:
    def __init__(self, port, path, token, inbound):
        self.port, self.path, self.token, self.inbound = port, path, token, inbound
        self.connect()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def ask(self, stream):
        """Gives the milliseconds to the first byte of the body, and to the end."""
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        if self.inbound == "anthropic":
            body["max_tokens"] = 100
        data = json.dumps(body, separators=(",", ":")).encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.token}\r\nx-api-key: {self.token}\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
        if self.inbound != "anthropic":
            head = head.replace("anthropic-version: 2023-06-01\r\n", "")
        begun = time.perf_counter()
        self.socket.sendall(head.encode() + data)
        status = self.reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"{status!r} {self.reader.read(400)!r}")
        length = None
        while True:
            header = self.reader.readline().lower()
            if header == b"\r\n":
                break
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        first = None
        if length is not None:
            self.reader.read(length)
            first = time.perf_counter()
        else:
            while True:
                size = int(self.reader.readline(), 16)
                chunk = self.reader.read(size + 2)
                first = first or time.perf_counter()
                if size == 0:
                    break
        return (first - begun) * 1000, (time.perf_counter() - begun) * 1000


def processes(pid):
    """A process and everything below it."""
    found, todo = [], [pid]
    while todo:
        at = todo.pop()
        found.append(at)
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == at:
                todo.append(int(path.parent.name))
    return found


def cpu(pid):
    ticks = 0
    for one in processes(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def memory(pid):
    total = 0
    for one in processes(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/status").read_text()
            total += int(text.split("VmRSS:")[1].split()[0])
        except (OSError, IndexError):
            pass
    return total / 1024


def measure(name, pid, client, count):
    for stream in (False, True):
        for _ in range(20):
            client.ask(stream)
    row = [name]
    for stream in (False, True):
        before, firsts, alls = (cpu(pid) if pid else 0), [], []
        for _ in range(count):
            first, every = client.ask(stream)
            firsts.append(first)
            alls.append(every)
        spent = (cpu(pid) - before) / count if pid else 0
        row += [f"{statistics.median(firsts if stream else alls):.2f}", f"{sorted(alls)[int(count * 0.99)]:.2f}", f"{spent:.3f}"]
    row.append(f"{memory(pid):.0f}" if pid else "-")
    return row


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    llmenv, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    port = upstream()
    rows, missing = [], []
    with tempfile.TemporaryDirectory(prefix="le") as home:
        env = {"HOME": home, "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": home + "/run", "LANG": "C.UTF-8"}
        os.mkdir(home + "/run", 0o700)
        run = lambda *args, stdin="": subprocess.run([llmenv, *args], env=env, input=stdin, text=True, check=True, capture_output=True).stdout
        run("add", "lab", "--provider", "custom", "--base-url", f"http://127.0.0.1:{port}/v1", "--dialect", "openai-chat", "--key-stdin", "--store", "file", stdin="lab-bench-0123456789abcdef")
        run("proxy", "on", "lab", "--serve", "openai,anthropic")
        try:
            pair = json.loads(run("env", "lab", "--format", "json"))
            own = int(pair["OPENAI_BASE_URL"].split(":")[2].split("/")[0])
            status = run("daemon", "status", "--json")
            daemon = json.loads(status)["pid"]
            token = pair["OPENAI_API_KEY"]
            direct = Client(port, "/v1/chat/completions", "x", "chat")
            rows.append(measure("direct, chat", None, direct, count))
            rows.append(measure("llmenv, chat to chat", daemon, Client(own, "/lab/v1/chat/completions", token, "chat"), count))
            rows.append(measure("llmenv, anthropic to chat", daemon, Client(own, "/lab/v1/messages", token, "anthropic"), count))
            before = memory(daemon)
            many = [Client(own, "/lab/v1/messages", token, "anthropic") for _ in range(200)]
            begun = time.perf_counter()
            threads = [threading.Thread(target=lambda c=c: [c.ask(True) for _ in range(5)]) for c in many]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            print(f"1,000 streams over 200 connections: {time.perf_counter() - begun:.1f} s, {before:.0f} MB before, {memory(daemon):.0f} MB after")
            rows.append(measure("direct again", None, direct, count))
        finally:
            run("daemon", "stop")
        for name, command, ready, path, token, inbound in rivals(home, port):
            if not shutil.which(command[0]):
                missing.append(name)
                continue
            child = subprocess.Popen(command, env={**env, "CI": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            try:
                until = time.time() + 400
                while time.time() < until and child.poll() is None:
                    try:
                        socket.create_connection(("127.0.0.1", ready), timeout=1).close()
                        break
                    except OSError:
                        time.sleep(0.2)
                rows.append(measure(name, child.pid, Client(ready, path, token, inbound), max(50, count // 10)))
            except Exception as error:
                missing.append(f"{name} ({error})")
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGTERM)
                child.wait()
    heading = ["", "whole p50 ms", "p99", "CPU ms", "first token p50 ms", "stream p99", "CPU ms", "MB"]
    widths = [max(len(str(row[i])) for row in [heading, *rows]) for i in range(len(heading))]
    for row in [heading, *rows]:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
    if missing:
        print("not measured:", ", ".join(missing))


def rivals(home, port):
    # It starts with no key but one that nobody could guess.
    key = "sk-" + secrets.token_hex(32)
    litellm = pathlib.Path(home, "litellm.yaml")
    litellm.write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": {"model": "openai/m", "api_base": f"http://127.0.0.1:{port}/v1", "api_key": "sk-bench"}}], "general_settings": {"master_key": key}}))
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        first, second = one.getsockname()[1], two.getsockname()[1]
    yield "LiteLLM, chat to chat", ["litellm", "--config", str(litellm), "--port", str(first), "--host", "127.0.0.1"], first, "/v1/chat/completions", key, "chat"
    folder = pathlib.Path(home, ".claude-code-router")
    folder.mkdir(exist_ok=True)
    folder.joinpath("config.json").write_text(json.dumps({"PORT": second, "HOST": "127.0.0.1", "APIKEY": "sk-bench", "Providers": [{"name": "lab", "api_base_url": f"http://127.0.0.1:{port}/v1/chat/completions", "api_key": "sk-bench", "models": ["m"]}], "Router": {"default": "lab,m"}}))
    yield "claude-code-router, anthropic to chat", ["ccr", "start"], second, "/v1/messages", "sk-bench", "anthropic"


main()
