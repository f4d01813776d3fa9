import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import type { components } from "./schema";

/** The page's query client. Data is refetched after 10 s: requests to a local server are cheap. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 10_000, refetchOnWindowFocus: false } },
});

/** Parameters of the `Auto` strategy. */
export type AutoStrategy = components["schemas"]["AutoStrategy"];

/** Queries the server's capabilities. */
export function useServerConfig() {
  return useQuery({
    queryKey: ["server-config"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/server-config", { signal })),
  });
}

/** Queries the current model. */
export function useCurrentModel() {
  return useQuery({
    queryKey: ["model"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/model", { signal })),
  });
}

/** Switches the model; resolves once the new model is loaded. */
export function useSwitchModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => unwrap(api.POST("/api/v1/model", { body: { name } })),
    onSuccess: (model) => {
      client.setQueryData(["model"], model);
      // The parameters of the `Auto` strategy depend on the model.
      return client.invalidateQueries({ queryKey: ["server-config"] });
    },
  });
}

/** Switches a plugin's model; resolves once it is loaded. */
export function useSwitchPluginModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ plugin, model }: { plugin: string; model: string }) =>
      unwrap(api.POST("/api/v1/switch_plugin_model", { body: { plugin_name: plugin, model_name: model } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["server-config"] }),
  });
}

/** Queries all models in the registry, downloaded or not. */
export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/models", { signal })),
  });
}

/** Starts the download of a model; resolves once the server accepted it. */
export function useDownloadModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      unwrap(api.POST("/api/v1/models/{name}/download", { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}
