import { kernelSizeOf, type LinearMap, type MapForm } from './linear-map.js';
import { placeKernel } from './place-kernel.js';

/** The form of a map of vectors that a `linear` can express: it has no groups. */
export function linearLayerForm(form: MapForm): MapForm {
  return { ...form, groups: 1 };
}

/** The same map with the dense kernel of {@link linearLayerForm}: `[out, in]`. */
export function asLinearLayer(map: LinearMap): LinearMap {
  if (map.form.groups === 1) return map;
  const form = linearLayerForm(map.form);
  const kernel_OIHW = new Float64Array(kernelSizeOf(form));
  placeKernel(kernel_OIHW, form, map);
  return { form, kernel_OIHW, bias_O: map.bias_O };
}
