/** Import it before an engine: lets WebGPU run on SwiftShader, a Vulkan device in software, where one is installed. */
import { existsSync } from 'node:fs';

const places = ['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/opt/google/chrome', '/usr/share/vulkan/icd.d'].map((folder) => `${folder}/vk_swiftshader_icd.json`);
const found = places.find((path) => existsSync(path));
// A driver that the caller has chosen goes before.
if (found !== undefined && process.env.VK_ICD_FILENAMES === undefined && process.env.VK_DRIVER_FILES === undefined) process.env.VK_ICD_FILENAMES = found;
