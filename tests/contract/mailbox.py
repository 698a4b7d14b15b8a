"""A small SMTP server for tests: takes mails, or refuses recipients for good."""
import socketserver
import threading


class Mailbox:
    def __init__(self, refuse=False):
        self.mails, self.refuse = [], refuse
        box = self

        class Session(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                self.say("220 mail.test ready")
                mail = {}
                while line := self.rfile.readline():
                    verb = line.strip().upper()
                    if verb.startswith((b"EHLO", b"HELO", b"RSET", b"NOOP")):
                        self.say("250 mail.test")
                    elif verb.startswith(b"MAIL FROM"):
                        mail = {"from": line.strip()[10:].decode(), "to": []}
                        self.say("250 fine")
                    elif verb.startswith(b"RCPT TO"):
                        if box.refuse:
                            self.say("550 no such mailbox: " + line.strip()[8:].decode())  # as real ones do
                            continue
                        mail["to"].append(line.strip()[8:].decode())
                        self.say("250 fine")
                    elif verb.startswith(b"DATA") and mail.get("to"):
                        self.say("354 go on")
                        lines = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(line[1:] if line.startswith(b"..") else line)
                        box.mails.append({**mail, "data": b"".join(lines)})
                        self.say("250 taken")
                    elif verb.startswith(b"QUIT"):
                        self.say("221 bye")
                        return
                    else:
                        self.say("503 not now")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Session)
        self.url = "smtp://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
