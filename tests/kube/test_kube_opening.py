"""A plain kubeconfig is read without Kubernetes' client and means the same; every other one is left to it."""

import json
import ssl
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from mlp.errors import DeadlineExceeded, NotFound, Precondition, Unavailable
from mlp.kube.connection import Connection, connect
from mlp.kube.contexts import read_contexts
from mlp.kube.opening import open_transport
from mlp.kube.plain_connection import PlainConnection
from mlp.kube.transport import Request
from tests.kube.certificates import Authority

VERSION = Request("GET", "/version", timeout=5.0)


class Handler(BaseHTTPRequestHandler):
    """Answers with who asks: the token, and the name in the certificate."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        names = dict(part[0] for part in (self.connection.getpeercert() or {}).get("subject", ()))
        self._answer({"token": self.headers["Authorization"], "name": names.get("commonName"), "path": self.path})

    def do_POST(self):
        self.server.posts += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({})

    def _answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.hangs_up

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    hangs_up = False
    """Whether it ends a connection after an answer that did not announce that."""
    posts = 0

    def handle_error(self, *_):
        """A client that does not trust this server leaves."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def ann(authority):
    return authority.issue("ann")


@pytest.fixture(scope="module")
def server(authority):
    listening = Server(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_OPTIONAL
    listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def kubeconfig(tmp_path, server):
    """Write one for the server, with more about the cluster and the user; parts of `top` replace its own."""

    def write(cluster, user, **top):
        address = f"https://127.0.0.1:{server.server_address[1]}/prefix/"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "k", "cluster": {"server": address, **cluster}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "team"}}],
            "current-context": "c",
            **top,
        }
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump({key: value for key, value in document.items() if value is not None}))
        return path

    return write


def base64(path):
    return b64encode(path.read_bytes()).decode()


def asked(opener, path):
    connection = opener(path, "c")
    try:
        return json.loads(connection.send(VERSION))
    finally:
        connection.close()


@pytest.mark.parametrize("opener", [connect, open_transport])
def test_a_certificate_says_who_asks_whether_it_stands_there_or_in_a_file(opener, kubeconfig, authority, ann):
    trusted = {"certificate-authority-data": base64(authority.certificate)}
    data = kubeconfig(trusted, {"client-certificate-data": base64(ann[0]), "client-key-data": base64(ann[1])})
    assert asked(opener, data) == {"token": None, "name": "ann", "path": "/prefix/version"}
    for beside in (authority.certificate, *ann):
        (data.parent / beside.name).write_bytes(beside.read_bytes())
    files = kubeconfig(
        {"certificate-authority": "authority.crt"}, {"client-certificate": "ann.crt", "client-key": "ann.key"}
    )
    assert asked(opener, files)["name"] == "ann"


@pytest.mark.parametrize("opener", [connect, open_transport])
def test_a_server_of_another_authority_gets_no_token(opener, kubeconfig, tmp_path):
    stranger = Authority(tmp_path).certificate
    with pytest.raises(Unavailable) as raised:
        asked(opener, kubeconfig({"certificate-authority": str(stranger)}, {"token": "secret"}))
    assert raised.value.code == "cluster_untrusted"
    assert "is not trusted: " in raised.value.message
    with pytest.raises(Unavailable, match="is not trusted: "):
        asked(opener, kubeconfig({}, {"token": "secret"}))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("opener", [connect, open_transport])
def test_a_server_may_be_trusted_unseen(opener, kubeconfig):
    path = kubeconfig({"insecure-skip-tls-verify": True}, {"token": "secret"})
    assert asked(opener, path)["token"] == "Bearer secret"


def test_what_is_plain_needs_no_client_of_kubernetes(kubeconfig, authority):
    opened = open_transport(kubeconfig({"certificate-authority": str(authority.certificate)}, {}), "c")
    assert isinstance(opened, PlainConnection)


@pytest.mark.parametrize(
    ("cluster", "user"),
    [
        ({}, {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "true"}}),
        ({}, {"username": "ann", "password": "secret"}),
        ({"tls-server-name": "other"}, {}),
        ({"proxy-url": "http://127.0.0.1:1"}, {}),
        ({"certificate-authority-data": "bm9uZQ=="}, {}),
    ],
)
def test_what_is_not_plain_is_left_to_it(kubeconfig, cluster, user):
    path = kubeconfig(cluster, user)
    if "certificate-authority-data" in cluster:
        with pytest.raises(Unavailable):  # its word for a certificate that is none
            asked(open_transport, path)
        return
    opened = open_transport(path, "c")
    assert isinstance(opened, Connection)
    opened.close()


def test_several_files_and_proxies_are_left_to_it(kubeconfig, monkeypatch):
    path = kubeconfig({}, {"token": "secret"})
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    proxied = open_transport(path, "c")
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv("KUBECONFIG", f"{path}:{path.with_name('absent')}")
    several = open_transport(None, "c")
    assert isinstance(proxied, Connection)
    assert isinstance(several, Connection)
    assert read_contexts().get("c").namespace == "team"


def test_a_kubeconfig_in_which_none_is_chosen_has_contexts_all_the_same(kubeconfig):
    found = read_contexts(kubeconfig({}, {}, **{"current-context": None}))
    assert found.current is None
    assert found.get("c").cluster == "k"
    with pytest.raises(NotFound):
        found.get("d")


@pytest.mark.parametrize("text", ["", "{", "[]", "contexts: 1", "contexts: [{name: c}]\nclusters: []"])
def test_a_kubeconfig_that_is_none_is_told_in_its_words(tmp_path, text):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    for look in (read_contexts, open_transport):
        with pytest.raises(Precondition) as raised:
            look(path)
        assert raised.value.code == "no_cluster"


def test_a_connection_that_was_kept_and_closed_is_replaced_and_nothing_is_written_twice(
    kubeconfig, authority, server, monkeypatch
):
    monkeypatch.setattr(server, "hangs_up", True)
    opened = open_transport(kubeconfig({"certificate-authority": str(authority.certificate)}, {}), "c")
    assert [json.loads(opened.send(VERSION))["path"] for _ in range(3)] == ["/prefix/version"] * 3
    before = server.posts
    opened.send(Request("POST", "/reviews", body=b"{}"))
    assert server.posts == before + 1
    opened.close()


def first_two(opened):
    with opened.lines(Request("GET", "/watch", timeout=0.3)) as lines:
        return [next(lines), next(lines)]


def test_lines_come_as_they_are_written_until_the_stream_is_silent(serve):
    def script(asked_, reply):
        if "logs" in asked_.path:
            reply.send_text("one\ntwo\n\nlast")
        else:
            reply.stream(("ADDED", {}), hold=True)

    opened = open_transport(serve(script).kubeconfig)
    with opened.lines(Request("GET", "/logs")) as lines:
        assert list(lines) == [b"one", b"two", b"last"]
    with pytest.raises(DeadlineExceeded):
        first_two(opened)
    opened.close()
