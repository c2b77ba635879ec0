// A Vulkan layer that asks the driver, for every compute pipeline, what its compiler made of it
// (VK_KHR_pipeline_executable_properties), and appends it to the file $TESSERA_STATISTICS as lines of
// "name: value"; with $TESSERA_ASSEMBLY, the texts of its stages as well, each behind a line of
// "##### name". WebGPU has no way to ask for this.
//
// It stands in the way of three calls only: those that make an instance, a device, and pipelines.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

#define EXTENSION VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME

static VkInstance instance;
static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static bool tells; // whether the driver has the extension
static PFN_vkCreateComputePipelines create_pipelines;
static PFN_vkGetPipelineExecutablePropertiesKHR get_executables;
static PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;
static PFN_vkGetPipelineExecutableInternalRepresentationsKHR get_texts;

static void write_statistics(FILE *to, VkDevice device, VkPipeline pipeline, uint32_t index) {
  VkPipelineExecutableInfoKHR info = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
      .pipeline = pipeline,
      .executableIndex = index,
  };
  uint32_t count = 0;
  get_statistics(device, &info, &count, NULL);
  VkPipelineExecutableStatisticKHR *found = calloc(count, sizeof *found);
  for (uint32_t i = 0; i < count; i++) {
    found[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  }
  get_statistics(device, &info, &count, found);
  for (uint32_t i = 0; i < count; i++) {
    double value = found[i].format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR
                       ? found[i].value.f64
                       : (double)found[i].value.u64;
    fprintf(to, "%s: %.0f\n", found[i].name, value);
  }
  free(found);
}

static void write_texts(FILE *to, VkDevice device, VkPipeline pipeline, uint32_t index) {
  VkPipelineExecutableInfoKHR info = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
      .pipeline = pipeline,
      .executableIndex = index,
  };
  uint32_t count = 0;
  get_texts(device, &info, &count, NULL);
  VkPipelineExecutableInternalRepresentationKHR *found = calloc(count, sizeof *found);
  for (uint32_t i = 0; i < count; i++) {
    found[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
  }
  // Once for the sizes, once for the texts.
  get_texts(device, &info, &count, found);
  for (uint32_t i = 0; i < count; i++) found[i].pData = calloc(1, found[i].dataSize + 1);
  get_texts(device, &info, &count, found);
  for (uint32_t i = 0; i < count; i++) {
    if (found[i].isText) fprintf(to, "##### %s\n%s\n", found[i].name, (char *)found[i].pData);
    free(found[i].pData);
  }
  free(found);
}

static VkResult VKAPI_CALL make_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                          const VkComputePipelineCreateInfo *wanted,
                                          const VkAllocationCallbacks *allocation,
                                          VkPipeline *made) {
  VkComputePipelineCreateInfo *infos = malloc(count * sizeof *infos);
  memcpy(infos, wanted, count * sizeof *infos);
  bool texts = getenv("TESSERA_ASSEMBLY");
  for (uint32_t i = 0; tells && i < count; i++) {
    infos[i].flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    if (texts) infos[i].flags |= VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
  }
  VkResult result = create_pipelines(device, VK_NULL_HANDLE, count, infos, allocation, made);
  free(infos);
  const char *path = getenv("TESSERA_STATISTICS");
  FILE *to = tells && path ? fopen(path, "a") : NULL;
  if (!to) return result;
  for (uint32_t i = 0; i < count; i++) {
    if (!made[i]) continue;
    VkPipelineInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR,
        .pipeline = made[i],
    };
    uint32_t executables = 0;
    get_executables(device, &info, &executables, NULL);
    for (uint32_t k = 0; k < executables; k++) {
      write_statistics(to, device, made[i], k);
      if (texts) write_texts(to, device, made[i], k);
    }
  }
  fclose(to);
  return result;
}

// The loader's chain of layers: each takes its link and hands the rest on.
#define TAKE_LINK(type, kind)                                                         \
  type *link = (type *)info->pNext;                                                   \
  while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_##kind##_CREATE_INFO &&    \
                   link->function == VK_LAYER_LINK_INFO))                             \
    link = (type *)link->pNext;                                                       \
  if (!link) return VK_ERROR_INITIALIZATION_FAILED

static VkResult VKAPI_CALL make_instance(const VkInstanceCreateInfo *info,
                                         const VkAllocationCallbacks *allocation,
                                         VkInstance *made) {
  TAKE_LINK(VkLayerInstanceCreateInfo, INSTANCE);
  next_instance_proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  PFN_vkCreateInstance create = (PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance");
  VkResult result = create(info, allocation, made);
  instance = *made;
  return result;
}

static bool has_extension(VkPhysicalDevice physical, PFN_vkGetInstanceProcAddr proc) {
  PFN_vkEnumerateDeviceExtensionProperties list =
      (PFN_vkEnumerateDeviceExtensionProperties)proc(instance, "vkEnumerateDeviceExtensionProperties");
  uint32_t count = 0;
  list(physical, NULL, &count, NULL);
  VkExtensionProperties *all = calloc(count, sizeof *all);
  list(physical, NULL, &count, all);
  bool found = false;
  for (uint32_t i = 0; i < count; i++) found |= strcmp(all[i].extensionName, EXTENSION) == 0;
  free(all);
  return found;
}

static VkResult VKAPI_CALL make_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                       const VkAllocationCallbacks *allocation, VkDevice *made) {
  TAKE_LINK(VkLayerDeviceCreateInfo, DEVICE);
  PFN_vkGetInstanceProcAddr proc = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  next_device_proc = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  tells = has_extension(physical, proc);
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
      .pNext = (void *)info->pNext,
      .pipelineExecutableInfo = VK_TRUE,
  };
  VkDeviceCreateInfo more = *info;
  const char **names = malloc((info->enabledExtensionCount + 1) * sizeof *names);
  if (info->enabledExtensionCount > 0) {
    memcpy(names, info->ppEnabledExtensionNames, info->enabledExtensionCount * sizeof *names);
  }
  if (tells) {
    names[more.enabledExtensionCount++] = EXTENSION;
    more.ppEnabledExtensionNames = names;
    more.pNext = &feature;
  }
  PFN_vkCreateDevice create = (PFN_vkCreateDevice)proc(instance, "vkCreateDevice");
  VkResult result = create(physical, &more, allocation, made);
  free(names);
  if (result != VK_SUCCESS) return result;
#define NEXT(name) (PFN_##name) next_device_proc(*made, #name)
  create_pipelines = NEXT(vkCreateComputePipelines);
  get_executables = NEXT(vkGetPipelineExecutablePropertiesKHR);
  get_statistics = NEXT(vkGetPipelineExecutableStatisticsKHR);
  get_texts = NEXT(vkGetPipelineExecutableInternalRepresentationsKHR);
  return result;
}

static PFN_vkVoidFunction ours(const char *name) {
  if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)make_instance;
  if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)make_device;
  if (!strcmp(name, "vkCreateComputePipelines")) return (PFN_vkVoidFunction)make_pipelines;
  return NULL;
}

static PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device, const char *name) {
  PFN_vkVoidFunction function = ours(name);
  return function ? function : next_device_proc(device, name);
}

static PFN_vkVoidFunction VKAPI_CALL instance_proc(VkInstance of, const char *name) {
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)device_proc;
  PFN_vkVoidFunction function = ours(name);
  return function ? function : next_instance_proc(of, name);
}

VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface) {
  interface->loaderLayerInterfaceVersion = 2;
  interface->pfnGetInstanceProcAddr = instance_proc;
  interface->pfnGetDeviceProcAddr = device_proc;
  interface->pfnGetPhysicalDeviceProcAddr = NULL;
  return VK_SUCCESS;
}
