import * as framework from '@jest/globals';
import { describeDevice } from '@refold/testing';
import { onednnDevice } from './onednn-device.js';
import { describeBuilt } from './spec-kit/describe-built.js';

describeBuilt('conformance', () => {
  describeDevice('onednn', () => onednnDevice(), { framework });
});
