import type { ObservableInput } from 'rxjs';

/** A request to the API. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What the API answered, whatever the status. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Posts a request. Its first value counts; unsubscribing aborts it; it errors when there is no answer at all. */
export type HttpPost = (request: HttpRequest) => ObservableInput<HttpAnswer>;
