"""TLS on loopback, with a certificate that nobody signed, and a reverse proxy that ends it."""
import contextlib
import http.client
import http.server
import ssl
import subprocess
import threading

ANSWER_S = 100


def self_signed(directory, name):
    """(path of a certificate for that name, a server's context with it)"""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


class _Forward(http.server.BaseHTTPRequestHandler):
    """Hands a GET on as it is, Host and all, and the answer back."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.to_port, timeout=ANSWER_S)
        connection.putrequest("GET", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "keep-alive"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, context, to_port):
        super().__init__(("127.0.0.1", 0), _Forward)
        self.context, self.to_port = context, to_port

    def get_request(self):
        peer, address = super().get_request()
        return self.context.wrap_socket(peer, server_side=True), address

    def handle_error(self, request, client_address):
        pass  # the peer went, or did not like the certificate


@contextlib.contextmanager
def reverse_proxy(context, to_port):
    """Yields the port on which TLS is ended for what listens on `to_port`."""
    with _Server(context, to_port) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
