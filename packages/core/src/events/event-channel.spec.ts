import { describe, expect, it } from '@jest/globals';
import { map } from 'rxjs';
import { EventChannel } from './event-channel.js';
import type { RefoldEvent } from './refold-event.js';

const warned: RefoldEvent = { type: 'warned', code: 'X', message: 'x' };

describe('EventChannel', () => {
  it('turns a throwing subscriber into an event for the others', () => {
    const channel = new EventChannel();
    const seen: RefoldEvent[] = [];
    channel.observable('good').subscribe((event) => seen.push(event));
    channel.observable('bad').subscribe(() => {
      throw new Error('no');
    });
    channel.emit(warned);
    channel.emit(warned);
    expect(seen.filter(({ type }) => type === 'warned')).toHaveLength(2);
    expect(seen.filter(({ type }) => type === 'plugin-failed')).toEqual([
      { type: 'plugin-failed', plugin: 'bad', message: 'no' },
    ]);
  });

  it('guards what is piped, too', () => {
    const channel = new EventChannel();
    const seen: string[] = [];
    channel.observable('good').subscribe(({ type }) => seen.push(type));
    channel
      .observable('bad')
      .pipe(
        map((event) => {
          if (event.type === 'warned') throw new Error('in an operator');
          return event;
        }),
      )
      .subscribe(() => undefined);
    channel
      .observable('worse')
      .pipe(map((event) => event.type))
      .subscribe((type) => {
        if (type === 'warned') throw new Error('behind an operator');
      });
    channel.emit(warned);
    expect(seen.sort()).toEqual(['plugin-failed', 'plugin-failed', 'warned']);
  });

  it('completes its subscribers', () => {
    const channel = new EventChannel();
    let completed = false;
    channel.observable('any').subscribe({ complete: () => (completed = true) });
    channel.complete();
    expect(completed).toBe(true);
  });
});
