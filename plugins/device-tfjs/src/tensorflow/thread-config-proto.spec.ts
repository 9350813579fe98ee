import { describe, expect, it } from '@jest/globals';
import { threadConfigProto } from './thread-config-proto.js';

describe('threadConfigProto', () => {
  // Truth: protoc --encode=tensorflow.ConfigProto writes the same bytes.
  it('writes two varint fields', () => {
    expect([...threadConfigProto({ intraOp: 2, interOp: 1 })]).toEqual([0x10, 2, 0x28, 1]);
  });

  it('splits numbers above 127 into groups of seven bits', () => {
    expect([...threadConfigProto({ intraOp: 300, interOp: 5 })]).toEqual([
      0x10, 0xac, 0x02, 0x28, 5,
    ]);
  });
});
