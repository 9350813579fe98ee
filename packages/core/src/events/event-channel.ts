import {
  Observable,
  Subject,
  Subscriber,
  type Observer,
  type Operator,
  type Subscription,
} from 'rxjs';
import type { RefoldEvent } from './refold-event.js';

/**
 * The one channel of facts of a run. Emitting never throws and never waits: a subscriber that throws
 * is unsubscribed and becomes a `plugin-failed` event for the others.
 */
export class EventChannel {
  readonly #subject = new Subject<RefoldEvent>();

  emit(event: RefoldEvent): void {
    this.#subject.next(event);
  }

  complete(): void {
    this.#subject.complete();
  }

  /** The events, for a subscriber that `plugin-failed` will call `subscriber`. */
  observable(subscriber: string): Observable<RefoldEvent> {
    return new GuardedObservable(this.#subject, undefined, (error) => {
      this.emit({ type: 'plugin-failed', plugin: subscriber, message: textOf(error) });
    });
  }
}

type ObserverLike<T> = Partial<Observer<T>> | ((value: T) => void) | null | undefined;

/**
 * RxJS reports what a subscriber throws as an uncaught exception of the process. This observable,
 * and every one piped from it, hands it to `onFailure` instead.
 */
class GuardedObservable<T> extends Observable<T> {
  readonly #onFailure: (error: unknown) => void;

  constructor(
    source: Observable<unknown>,
    operator: Operator<unknown, T> | undefined,
    onFailure: (error: unknown) => void,
  ) {
    super();
    this.source = source;
    if (operator) this.operator = operator;
    this.#onFailure = onFailure;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    return new GuardedObservable<R>(this, operator, this.#onFailure);
  }

  override subscribe(
    observerOrNext?: ObserverLike<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const observer: Partial<Observer<T>> =
      typeof observerOrNext === 'function'
        ? { next: observerOrNext, ...(error && { error }), ...(complete && { complete }) }
        : (observerOrNext ?? {});
    const fail = (cause: unknown): void => {
      subscriber.unsubscribe();
      this.#onFailure(cause);
    };
    const guard = (call: () => void): void => {
      try {
        call();
      } catch (cause) {
        fail(cause);
      }
    };
    const subscriber = new Subscriber<T>({
      next: (value: T) => guard(() => observer.next?.(value)),
      error: (cause: unknown) =>
        observer.error ? guard(() => observer.error?.(cause)) : this.#onFailure(cause),
      complete: () => guard(() => observer.complete?.()),
    });
    return super.subscribe(subscriber);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
