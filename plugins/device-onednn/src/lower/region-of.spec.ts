import { expect, it } from '@jest/globals';
import { regionOf } from './region-of.js';

it.each([
  ['stages.2.13.conv_kxk.conv', 'stages.2.13'],
  ['stages.2.13', 'stages.2.13'],
  ['stem.conv_kxk.0.conv', 'stem'],
  ['blocks.3', 'blocks.3'],
  ['head', 'head'],
  ['head.fc', 'head'],
  ['a.1b.2', 'a'],
  ['a.-1', 'a'],
  ['0.1.2', '0.1.2'],
  ['', ''],
])('the region of %j is %j', (name, region) => {
  expect(regionOf(name)).toBe(region);
});
