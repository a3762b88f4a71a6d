/** Where messages went. Each that was sent counts once as `direct`, `replica` or `fallback`. */
export class RoutingMetrics {
  /** To the owner of their key. */
  direct = 0;
  /** To a node that has a copy. */
  replica = 0;
  /** To any other node. */
  fallback = 0;
  /** Had to wait. */
  buffered = 0;
  /** Gave way because too many waited. */
  dropped = 0;
  /** Were answered by a node that did not own their key, and went or wait to go out again. */
  wrongOwner = 0;
}
