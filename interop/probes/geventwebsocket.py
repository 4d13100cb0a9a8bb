"""gevent-websocket: whether it still works beside this gevent; it has had no release for years."""

from typing import Any

from interop.probes.observe import child
from interop.probes.probe import probe


@probe("P396", "geventwebsocket", "lifecycle", "gevent", source="gevent-websocket 0.10.1 on new releases of gevent and Python")
def whether_a_server_answers_a_handshake() -> Any:
    seen = child(
        "import gevent, gevent.socket, gevent.pywsgi, warnings; warnings.simplefilter('ignore')\n"
        "from geventwebsocket.handler import WebSocketHandler\n"
        "def app(environ, start):\n"
        "    ws = environ['wsgi.websocket']; print('received', ws.receive()); ws.send('answer'); return []\n"
        "server = gevent.pywsgi.WSGIServer(('127.0.0.1', 0), app, handler_class=WebSocketHandler, log=None, error_log=None); "
        "server.start()\n"
        "s = gevent.socket.create_connection(('127.0.0.1', server.server_port)); s.settimeout(0.5)\n"
        "lines = ['GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', '']\n"
        "s.sendall('\\r\\n'.join(lines).encode())\n"
        "data = b''\n"
        "while b'\\r\\n\\r\\n' not in data: data += s.recv(1000)\n"
        "print(data.split()[1].decode())\n"
        "s.sendall(bytes([0x81, 0x82, 0, 0, 0, 0]) + b'hi'); print(s.recv(1000)[2:].decode(errors='replace')[:6]); "
        "server.stop()\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]
