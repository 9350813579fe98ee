import path from 'node:path';
import { Dataset, definePlugin, ImageReader } from '@refold/core';
import { openImageFolder } from './open-image-folder.js';
import { imagenetOptions } from './options.js';
import { readImage } from './read-image.js';

/** Image folders, decoded by sharp in worker threads; and single images, prepared alike. */
export default definePlugin({
  name: '@refold/plugin-data-imagenet',
  apiVersion: 1,
  setup({ provide }) {
    provide(Dataset, {
      use: ['imagenet'],
      options: imagenetOptions,
      create: ({ options, host }) => openImageFolder(options, host),
    });
    provide(ImageReader, {
      create: ({ host }): ImageReader => ({
        read: (file, preprocessing) => readImage(path.resolve(host.baseDir, file), preprocessing),
        close: () => Promise.resolve(),
      }),
    });
  },
});
