export type { ConnectionRef } from './bindings/angular/connectionRef.js';
export { injectConnection } from './bindings/angular/injectConnection.js';
export { provideConnection } from './bindings/angular/provideConnection.js';
