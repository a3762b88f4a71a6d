// The chat: what is said here and by others, and what is being written.
import { randomUUID } from 'node:crypto';
import { effects } from 'hawser/client';
import { EMPTY } from 'rxjs';
import { connectionAfter, disconnected } from './connection.mjs';

export const emptyChat = { connection: disconnected, messages: [], users: [], draft: '' };

export function chatReducer(state, action, { client, url, user }) {
  switch (action.type) {
    case 'connect':
      return [
        { ...state, connection: { ...state.connection, status: 'connecting' } },
        // Messages are among the events: who subscribed to them besides would have each one twice.
        effects.connect(client, url, undefined, (event) => ({ type: 'webSocket', event })),
      ];
    case 'disconnect':
      return [state, effects.disconnect(client)];
    case 'updateDraft':
      return [{ ...state, draft: action.text }, EMPTY];
    case 'sendMessage': {
      if (!state.draft.trim()) return [state, EMPTY];
      const message = { id: randomUUID(), user, text: state.draft, timestamp: Date.now() };
      return [
        { ...state, draft: '', messages: [...state.messages, { ...message, pending: true }] },
        effects.send(
          client,
          message,
          () => ({ type: 'sent', id: message.id }),
          () => ({ type: 'notSent', message }),
        ),
      ];
    }
    case 'sent':
      return [
        {
          ...state,
          messages: state.messages.map((each) => (each.id === action.id ? { ...each, pending: false } : each)),
        },
        EMPTY,
      ];
    case 'notSent':
      return [
        {
          ...state,
          draft: action.message.text,
          messages: state.messages.filter(({ id }) => id !== action.message.id),
        },
        EMPTY,
      ];
    case 'webSocket': {
      const { event } = action;
      if (event.type !== 'message') return [{ ...state, connection: connectionAfter(state.connection, event) }, EMPTY];
      const users = [...new Set([...state.users, event.data.user])];
      return [{ ...state, users, messages: [...state.messages, event.data] }, EMPTY];
    }
  }
}
