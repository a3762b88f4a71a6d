import { bootstrapApplication } from '@angular/platform-browser';
import { provideConnection } from 'hawser/angular';
import { App } from './app/app';
import { connectMarket, MARKET } from './app/market';

bootstrapApplication(App, { providers: [provideConnection(MARKET, connectMarket)] }).catch((error: unknown) =>
  console.error(error),
);
