// Notifications: the newest first, until they are read or cleared.
import { effects } from 'hawser/client';
import { EMPTY } from 'rxjs';
import { connectionAfter, disconnected } from './connection.mjs';

export const noNotifications = { connection: disconnected, notifications: [], unreadCount: 0 };

export function notificationReducer(state, action, { client, url }) {
  switch (action.type) {
    case 'connectToNotifications':
      return [
        { ...state, connection: { ...state.connection, status: 'connecting' } },
        effects.connect(client, url, undefined, (event) => ({ type: 'webSocket', event })),
      ];
    case 'markAsRead': {
      const isUnread = ({ id, read }) => id === action.id && !read;
      if (!state.notifications.some(isUnread)) return [state, EMPTY];
      const notifications = state.notifications.map((each) => (isUnread(each) ? { ...each, read: true } : each));
      return [
        { ...state, notifications, unreadCount: state.unreadCount - 1 },
        effects.send(client, { type: 'mark_read', id: action.id }),
      ];
    }
    case 'clearAll':
      return [{ ...state, notifications: [], unreadCount: 0 }, effects.send(client, { type: 'clear_all' })];
    case 'webSocket': {
      const { event } = action;
      if (event.type !== 'message') return [{ ...state, connection: connectionAfter(state.connection, event) }, EMPTY];
      return [
        { ...state, notifications: [event.data, ...state.notifications], unreadCount: state.unreadCount + 1 },
        EMPTY,
      ];
    }
  }
}
