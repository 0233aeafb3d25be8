// What the Function may do in the resource group of a VPN gateway: a role of ours, for it alone, in this group alone.
targetScope = 'resourceGroup'

@description('The object id of the Function\'s identity.')
param principalId string

var group = resourceGroup().id

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(group, 'causeway')
  properties: {
    roleName: 'Causeway in ${resourceGroup().name} (${uniqueString(group)})' // unique in the tenant
    description: 'Keeps the connections of Causeway and their local network gateways.'
    type: 'CustomRole'
    assignableScopes: [group]
    permissions: [
      {
        actions: [
          'Microsoft.Network/connections/delete'
          'Microsoft.Network/connections/read'
          'Microsoft.Network/connections/resetconnection/action'
          'Microsoft.Network/connections/sharedKey/action'
          'Microsoft.Network/connections/sharedKey/read'
          'Microsoft.Network/connections/sharedKey/write'
          'Microsoft.Network/connections/write'
          'Microsoft.Network/localNetworkGateways/delete'
          'Microsoft.Network/localNetworkGateways/read'
          'Microsoft.Network/localNetworkGateways/write'
          'Microsoft.Network/publicIPAddresses/read'
          'Microsoft.Network/virtualNetworkGateways/read'
          'Microsoft.Network/virtualNetworkGateways/write'
          'Microsoft.Network/virtualNetworks/read'
        ]
        notActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(group, principalId, role.id)
  properties: {
    roleDefinitionId: role.id
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
