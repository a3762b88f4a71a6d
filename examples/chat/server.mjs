// A chat room that remembers what each guest has not heard yet, and a source of notifications: the test kit's servers.
import { mockServer } from 'hawser/testing';

const userOf = ({ url }) => new URL(url, 'ws://room').searchParams.get('user');

export async function openRoom() {
  const said = [];
  const heard = new Map();
  const catchUp = (connection) => {
    const user = userOf(connection);
    for (const message of said.slice(heard.get(user) ?? 0)) if (message.user !== user) connection.send(message);
    heard.set(user, said.length);
  };
  const server = await mockServer({
    greet: catchUp,
    reply(frame) {
      said.push(JSON.parse(frame));
      server.connections.forEach(catchUp);
    },
  });
  return {
    urlFor: (user) => `${server.url}?user=${user}`,
    /** Sends everybody away, and lets nobody in for a while. */
    restart() {
      server.refuse(503, {}, { times: Infinity });
      for (const connection of server.connections) connection.close(1012, 'restart');
    },
    reopen: () => server.accept(),
    close: () => server.close(),
  };
}

export async function openPostOffice(told) {
  const server = await mockServer({ reply: (frame) => told(JSON.parse(frame)) });
  return { url: server.url, notify: (notification) => server.broadcast(notification), close: () => server.close() };
}
